//! The source against a look-alike of InfluxDB 3, over real sockets, into a sink that collects.

mod configuration;
mod discovery;
mod faults;
mod incremental;
mod keys;
mod selection;
mod support;
mod types;
