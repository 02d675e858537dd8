//! Builds, runs and stops the project's programs, for the verbs in `main.rs` and for `tools/e2e`.
#![allow(clippy::print_stdout, reason = "xtask is read by people, on standard output")]

pub mod program;
