//! The commands for a laptop, which play Fivetran against a real InfluxDB.
#![allow(clippy::print_stdout, reason = "these commands print for people")]

mod check;
mod debug;
mod discover;
mod peer;
mod report;
mod reset;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the setup tests, as "Save & Test" does
    Check(Connection),
    /// Print the tables that would be synced, with their columns, types and keys
    Discover(Connection),
    /// Run a sync into a local warehouse: DIRECTORY/warehouse.db (SQLite) and DIRECTORY/state.json
    Debug(debug::Arguments),
    /// Delete the local warehouse and its state
    Reset(reset::Arguments),
}

/// Which connector to talk to, and about what.
#[derive(Args)]
pub(crate) struct Connection {
    /// A JSON file with the configuration, field by field, as Fivetran would send it
    #[arg(long, value_name = "FILE")]
    configuration: PathBuf,

    /// A connector that runs already, such as localhost:50051; by default one is started for this
    /// command
    #[arg(long, value_name = "HOST:PORT")]
    connector: Option<String>,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    // Test and Schema have no way to warn but a log line.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_target(false)
        .without_time()
        .init();
    match command {
        Command::Check(connection) => check::run(&connection).await,
        Command::Discover(connection) => discover::run(&connection).await,
        Command::Debug(arguments) => debug::run(arguments).await,
        Command::Reset(arguments) => reset::run(&arguments),
    }
}
