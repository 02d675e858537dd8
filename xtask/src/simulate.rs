//! `cargo xtask simulate`: plays schedules of the simulation of `influx-source`, then shows which
//! of the planted defects it catches.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::program;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many schedules to play
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Play this one alone, and tell all of it
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut schedules = test("simulation::a_fixed_few_thousand_schedules_keep_the_promise")?;
    if let Some(seed) = arguments.seed {
        return program::run(schedules.env("SIMULATE_SEED", seed.to_string()));
    }
    schedules.env("SIMULATE_SEEDS", arguments.seeds.to_string());
    program::run(schedules.env("SIMULATE_FROM", arguments.from.to_string()))?;
    println!("\nPlanted defects, what each breaks, and the seed that shows it:");
    program::run(&mut test("simulation::defects::every_planted_defect_is_caught")?)
}

/// The command that runs one test of the engine, of which `cargo test` would not say that it is
/// missing.
fn test(name: &str) -> Result<Command> {
    let command = |options: &[&str]| {
        let mut command = program::cargo(["test", "--package", "influx-source", "--lib"]);
        command.args(["--quiet", name, "--", "--exact", "--include-ignored"]).args(options);
        command
    };
    let listed = program::output(&mut command(&["--list"]))?;
    ensure!(listed.lines().any(|line| line == format!("{name}: test")), "there is no test {name}");
    Ok(command(&["--nocapture"]))
}
