//! `fivetran-tester`: plays Fivetran against a connector that runs, once or on a schedule.
#![allow(clippy::print_stdout, reason = "people and scripts read its lines")]

mod program;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = program::Arguments::parse();
    // In a container this is the first process, which no signal ends unless it asks for the signal.
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        result = program::run(arguments) => result,
        _ = terminated.recv() => Ok(ExitCode::FAILURE),
        Ok(()) = tokio::signal::ctrl_c() => Ok(ExitCode::FAILURE),
    }
}
