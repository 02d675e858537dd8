//! The project's automation: `cargo xtask <verb>`, with a file for each verb. It starts the
//! project's programs, and links none of its crates.
#![allow(clippy::print_stdout, reason = "xtask is read by people, on standard output")]

mod bench;
mod ci;
mod demo;
mod dist;
mod e2e;
mod fresh;
mod fuzz;
mod locks;
mod peers;
mod python;
mod sbom;
mod simulate;

use clap::{Parser, Subcommand};
use xtask::program;

/// The project's automation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Shows the connector at work, with nothing installed: two syncs from a fake InfluxDB 3 into a
    /// local warehouse
    Demo,
    /// Builds the executable as Fivetran does, checks what it links to, and lists what is in it
    Dist,
    /// Runs unmodified peers in Python against the fake InfluxDB and against the connector
    Peers,
    /// Builds the wheel for Fivetran's Connector SDK, checks it, and plays it inside the SDK
    Python(python::Arguments),
    /// Plays schedules of the simulation: a model InfluxDB, a model Fivetran, and all that goes
    /// wrong between them
    Simulate(simulate::Arguments),
    /// Measures the connector, all in one run: rows per second, processor time and memory, as
    /// ratios to what bounds them
    Bench(bench::Arguments),
    /// Feeds every parser of foreign bytes and text what libFuzzer makes
    Fuzz(fuzz::Arguments),
    /// Runs the whole stack in containers, in a hostile world; needs a Docker engine
    E2e(e2e::Arguments),
    /// Runs every check that a change has to pass
    Ci,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().verb {
        Verb::Demo => demo::run(),
        Verb::Dist => dist::run(),
        Verb::Peers => peers::run(),
        Verb::Python(arguments) => python::run(arguments),
        Verb::Simulate(arguments) => simulate::run(&arguments),
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::Fuzz(arguments) => fuzz::run(&arguments),
        Verb::E2e(arguments) => e2e::run(&arguments),
        Verb::Ci => ci::run(),
    }
}
