//! What the project's automation shares: building, running and stopping the project's programs. The verbs are in `main.rs`.

pub mod program;
