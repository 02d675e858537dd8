//! `cargo xtask simulate`: plays schedules of the simulation of `sync-engine`, then shows which
//! wrong ports it catches, and on request which mutants of the engine.

mod mutants;
mod table;

use std::process::Command;

use anyhow::{Result, ensure};

use crate::program;

pub(crate) use mutants::few;

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
    /// Play it with engines that are broken on purpose instead: those of these names, or all
    #[arg(long, num_args = 0.., value_name = "NAME")]
    #[arg(conflicts_with_all = ["seeds", "from", "seed"])]
    mutants: Option<Vec<String>>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if let Some(names) = &arguments.mutants {
        return mutants::run(names);
    }
    let mut schedules = test("a_fixed_few_thousand_schedules_keep_the_promise")?;
    if let Some(seed) = arguments.seed {
        return program::run(schedules.env("SIMULATE_SEED", seed.to_string()));
    }
    schedules.env("SIMULATE_SEEDS", arguments.seeds.to_string());
    program::run(schedules.env("SIMULATE_FROM", arguments.from.to_string()))?;
    println!("\nWrong ports, what each breaks, and the seed that shows it:");
    program::run(&mut test("defects::every_wrong_port_is_caught")?)
}

/// The command that runs one test of the simulation, of which `cargo test` would not say that it is
/// missing.
fn test(name: &str) -> Result<Command> {
    let command = |options: &[&str]| {
        let mut command = program::cargo(["test", "--package", "sync-engine"]);
        command.args(["--test", "simulation", "--quiet", name]);
        command.args(["--", "--exact", "--include-ignored"]).args(options);
        command
    };
    let listed = program::output(&mut command(&["--list"]))?;
    ensure!(listed.lines().any(|line| line == format!("{name}: test")), "there is no test {name}");
    Ok(command(&["--nocapture"]))
}
