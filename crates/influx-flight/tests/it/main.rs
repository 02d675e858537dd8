//! The client against servers over real sockets: `influx-fake` where it can play the part, and a
//! scripted HTTP server for everything else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where it surprises; clippy knows the tests by themselves, not their \
              helpers"
)]

mod answers;
mod catalog;
mod classification;
mod endpoints;
mod fake;
mod files;
mod other_servers;
mod scripted;
mod secrets;
mod server_info;
mod targets;
mod tls;
