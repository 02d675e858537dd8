//! The whole connector: both worlds together, over real sockets, and the walls between them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

mod bad_input;
mod command_line;
mod documents;
mod drill;
mod faults;
mod frames;
mod hurried;
mod ledger;
#[cfg(target_os = "linux")]
mod memory;
mod parity;
mod process;
mod proxy;
mod recovery;
mod scarcity;
mod stack;
mod sync;
mod walls;

// The strategies and the naive reading that `arrow-rows` is tested with, so that the encoder is held to the same.
#[path = "../../../arrow-rows/tests/it/reference.rs"]
mod reference;
#[path = "../../../arrow-rows/tests/it/strategy.rs"]
#[allow(dead_code, reason = "the tests of arrow-rows use all of it")]
mod strategy;
