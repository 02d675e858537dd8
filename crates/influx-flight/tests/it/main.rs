//! The client against servers over real sockets: `influx-demo` where it can play the part, and a
//! hand-made HTTP server for the strangers that answer in its place.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it surprises; clippy knows the tests by themselves, not their helpers"
)]

mod answers;
mod catalog;
mod classification;
mod demo;
mod endpoints;
mod fake;
mod retries;
mod secrets;
mod server_info;
mod strangers;
mod targets;
mod tls;
