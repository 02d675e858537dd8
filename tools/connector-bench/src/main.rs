//! Measures the connector: `cargo xtask bench` builds it and runs it.
//!
//! Each part of a measurement is a process of its own, so that its processor time and memory can be
//! told: a source that answers with prebuilt batches, the connector as Fivetran starts it, a server
//! that repeats captured messages, and a server that makes messages as users of prost do. This
//! process is the client of them all. It measures them in turns of a few seconds, several times.
//! For a ratio it reports the median of the ratios of all turns, since a machine that is slow for a
//! while slows both sides down.

mod capture;
mod count;
mod debug;
mod drain;
mod encoding;
mod idiomatic;
mod influx;
mod instructions;
mod machine;
mod measure;
mod memory;
mod program;
mod python;
mod replay;
mod report;
mod source;
mod wire;
mod workload;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::idiomatic::Idiomatic;
use crate::replay::Replay;
use crate::report::Report;
use crate::source::Source;
use crate::workload::Workload;

/// Measures the connector, all in one run.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Options {
    /// The kinds of table to measure [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    workloads: Vec<Workload>,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Make every sync so many times smaller: for a quick look
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    scale: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Watch the connector's memory in the course of one long sync
    Memory(memory::Options),
    /// Count the instructions that a row takes, by valgrind
    Instructions(instructions::Options),
    /// Measure the connector inside the Connector SDK, beside the SDK alone and the Python example:
    /// `cargo xtask bench python` builds what it needs
    Python(python::Options),
    // What this program does when it starts itself.
    /// Answer as InfluxDB 3, with rows that were made before
    #[command(hide = true)]
    Source {
        #[arg(long, value_enum)]
        workload: Workload,
        #[arg(long)]
        rows: u64,
    },
    /// Answer every sync with the same messages
    #[command(hide = true)]
    Wire {
        #[arg(long)]
        messages: PathBuf,
        #[arg(long)]
        rows: u64,
    },
    /// Encode messages again
    #[command(hide = true)]
    Encode {
        #[arg(long)]
        messages: PathBuf,
        #[arg(long)]
        times: u64,
    },
    /// Serve syncs of InfluxDB with prost's own messages
    #[command(hide = true)]
    Idiomatic,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { options, command } = Arguments::parse();
    match command {
        None => bench(options).await,
        Some(Command::Memory(options)) => memory::run(options).await,
        Some(Command::Instructions(options)) => instructions::run(options).await,
        Some(Command::Python(options)) => python::run(options).await,
        Some(Command::Encode { messages, times }) => instructions::encode(&messages, times),
        Some(Command::Source { workload, rows }) => wire::serve(Source::new(workload, rows)?).await,
        Some(Command::Wire { messages, rows }) => wire::serve(Replay::new(&messages, rows)?).await,
        Some(Command::Idiomatic) => wire::serve(Idiomatic::default()).await,
    }
}

async fn bench(options: Options) -> Result<()> {
    let workloads = match options.workloads.is_empty() {
        true => Workload::value_variants(),
        false => &options.workloads,
    };
    let report = Report::measure(workloads, options.rounds, options.scale).await?;
    if options.json { report.print_json() } else { report.print_table() }
}
