//! `cargo xtask simulate`: plays schedules of the simulation of `influx-source`, then shows which of the planted defects it catches.

use anyhow::Result;

use crate::program;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many schedules to play
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Play this one alone, and tell all of it
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let test = |name: &str| {
        let package = ["test", "--package", "influx-source", "--lib", "--quiet"];
        program::cargo(package.into_iter().chain([name, "--", "--nocapture"]))
    };
    let mut schedules = test("simulation::a_fixed_few_thousand_schedules_keep_the_promise");
    if let Some(seed) = arguments.seed {
        return program::run(schedules.env("SIMULATE_SEED", seed.to_string()));
    }
    schedules.env("SIMULATE_SEEDS", arguments.seeds.to_string());
    program::run(schedules.env("SIMULATE_FROM", arguments.from.to_string()))?;
    println!("\nPlanted defects, what each breaks, and the seed that shows it:");
    program::run(&mut test("simulation::defects::every_planted_defect_is_caught"))
}
