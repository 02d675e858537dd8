//! The adapter over real sockets, and its encoder against plain prost.

mod calls;
mod encoder;
mod lifecycle;
mod listening;
mod logs;
mod scripted;
mod server;
mod update;
