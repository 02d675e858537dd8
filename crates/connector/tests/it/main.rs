//! Tests the whole connector over real sockets, and the rules for the code of the repository.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

mod bad_input;
mod circles;
mod command_line;
mod documents;
mod drill;
mod encoding;
mod fast_clock;
mod faults;
mod ledger;
#[cfg(target_os = "linux")]
mod memory;
mod parity;
mod process;
mod proxy;
mod recovery;
mod scarcity;
mod sources;
mod stack;
mod sync;
mod tidy;
mod walls;

// The strategies and the reference of the tests of `arrow-rows`, with which the encoder is tested
// too.
#[path = "../../../arrow-rows/tests/it/reference.rs"]
mod reference;
#[path = "../../../arrow-rows/tests/it/strategy.rs"]
#[allow(dead_code, reason = "the tests of arrow-rows use all of it")]
mod strategy;
