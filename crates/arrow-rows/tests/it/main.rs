//! Arrow in, rows out: every type at its extremes, with nulls and slices, and any batch against a naive reading of it.

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
