//! The adapter over real sockets, and its encoder against plain prost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
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
