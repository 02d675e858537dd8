//! The tester against small scripted connectors, over real sockets.
//!
//! The connectors are fakes, which break rules on demand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

mod calls;
mod loading;
#[cfg(feature = "program")]
mod program;
mod reading;
mod recovery;
mod row_data;
mod rules_of_records;
mod rules_of_syncs;
mod rules_of_values;
mod scripted;
mod selection;
mod waiting;
mod wire;
