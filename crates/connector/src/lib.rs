//! InfluxDB 3 to any warehouse, through Fivetran: arguments and wiring.
//!
//! This is the one place where both worlds meet: an [`InfluxSource`](influx_source::InfluxSource) on one side, Fivetran's protocol on the
//! other. `connector --port 50051` serves it, and that bare form is what Fivetran calls. With the feature `local` (on by default, and off
//! in what Fivetran builds) there are commands for a laptop too, in which the same server is played by a local Fivetran.

mod arguments;
#[cfg(feature = "local")]
mod local;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Whatever ends the program is told on standard error: standard output is for log lines.
            eprint(&error);
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

#[allow(clippy::print_stderr, reason = "the last words of a program that cannot go on")]
fn eprint(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
