//! Syncs InfluxDB 3 into any warehouse, through Fivetran: arguments and wiring.
//!
//! `connector --port 50051` serves Fivetran, which starts it so. The feature `local` adds commands
//! for a laptop, which play Fivetran against the same server. It is on by default, and off in what
//! Fivetran builds.
//!
//! This file is the only one that knows both InfluxDB and Fivetran.

mod arguments;
#[cfg(feature = "local")]
mod local;
mod serve;

use std::net::TcpListener;
use std::process::ExitCode;

use clap::Parser;
use fivetran_adapter::{Limits, ServeError};
use influx_source::InfluxSource;

use crate::arguments::Arguments;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "local")]
    if let Some(command) = arguments.command {
        return local::run(command).await;
    }
    serve::run(arguments.port).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves InfluxDB 3 as a Fivetran source connector.
async fn serve_influx(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    fivetran_adapter::serve(InfluxSource::default(), listener, Limits::default(), shutdown).await
}

#[allow(clippy::print_stderr, reason = "standard output is for log lines")]
fn print_error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
