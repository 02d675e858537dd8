//! What the project's automation shares: building, running and stopping the project's programs. The
//! verbs are in `main.rs`.
#![allow(clippy::print_stdout, reason = "xtask is read by people, on standard output")]

pub mod program;
