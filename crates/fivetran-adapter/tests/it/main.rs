//! The adapter over real sockets, and its encoder against plain prost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed expectation is a failed test, in helpers too, which the lints take for a program's functions"
)]

mod calls;
mod encoder;
mod lifecycle;
mod limits;
mod listening;
mod logs;
mod name_collisions;
mod scripted;
mod server;
mod update;
