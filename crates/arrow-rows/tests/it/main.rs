//! Tests every type at its extremes, with nulls and slices, and compares any batch with a simple
//! reference.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

mod allocations;
mod binary_and_text;
mod casts;
mod encoded;
mod losses;
mod nested;
mod numbers;
mod property;
mod reference;
mod schema;
mod strategy;
mod support;
mod times;
