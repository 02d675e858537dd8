//! The fake, asked over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed expectation is a failed test, in helpers too, which the lints take for a \
              program's functions"
)]

mod auth;
mod client;
mod compaction;
mod contract;
mod discovery;
mod faults;
mod flight_sql;
mod http_api;
mod identity;
mod kept;
mod lagging_node;
mod limits;
mod merge;
mod outages;
mod overwrites;
mod persisting;
mod program;
mod queries;
mod retention;
mod snapshots;
mod tls;
