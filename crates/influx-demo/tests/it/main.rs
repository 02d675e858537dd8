//! The look-alike, asked over real sockets.

mod auth;
mod client;
mod contract;
mod discovery;
mod faults;
mod flight_sql;
mod http_api;
mod merge;
mod program;
mod queries;
mod tls;
