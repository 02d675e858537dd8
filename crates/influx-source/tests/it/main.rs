//! Reads a fake InfluxDB 3 with the source, over real sockets, into a sink that collects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

mod changes;
mod configuration;
mod discovery;
/// The one of the wiring's tests, which need it as well.
#[path = "../../../connector/tests/it/fast_clock.rs"]
mod fast_clock;
mod faults;
mod hard_world;
mod idle;
mod incremental;
mod keys;
mod large;
mod late;
mod origins;
mod predecessor;
mod selection;
mod support;
mod types;
mod upgrade;
