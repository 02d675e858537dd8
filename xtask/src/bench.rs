//! `cargo xtask bench`: builds the connector and its bench as they are released, and measures.

use std::process::Command;

use anyhow::Result;

use crate::program;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What the bench itself takes, such as `--json`, `--shapes narrow,wide`, `--scale 10` or `memory --svg FILE`; `--help` tells
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let packages = ["--package", "connector", "--package", "connector-bench"];
    program::run(program::cargo(["build", "--quiet", "--release"]).args(packages))?;
    let bench = program::target().join("release/connector-bench");
    program::run(Command::new(bench).args(&arguments.arguments))
}
