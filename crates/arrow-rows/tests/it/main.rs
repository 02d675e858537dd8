//! Arrow in, rows out: every type at its extremes, with nulls and slices, and any batch against a
//! naive reading of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed expectation is a failed test, in helpers too, which the lints take for a program's functions"
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
