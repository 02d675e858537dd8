//! `cargo xtask e2e`: the stack in containers. It is a package of its own (`tools/e2e`), so that
//! what it needs is not built for the others.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use anyhow::{Context, Result, ensure};

use crate::program;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// See `cargo xtask e2e --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<OsString>,
}

/// What it ends with where no engine answers; it has said so.
const NO_ENGINE: i32 = 3;

/// The short form of it, as a check; without an engine there is nothing to check.
pub(crate) fn short() -> Result<()> {
    let status =
        program::tools("run").args(["--quiet", "--package", "e2e", "--", "--short"]).status()?;
    ensure!(status.success() || status.code() == Some(NO_ENGINE), "it ended with {status}");
    Ok(())
}

/// Becomes that program: its exit code is ours, and a Ctrl-C finds it alone.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = program::tools("run");
    command.args(["--quiet", "--package", "e2e", "--"]).args(&arguments.options);
    let failure = command.exec();
    Err(failure).context("cannot start cargo")
}
