//! `cargo xtask e2e`: runs the stack in containers. It is a package of its own (`tools/e2e`), so
//! that its dependencies are not built for the other verbs.

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

/// The exit code of `e2e` without a Docker engine. It has printed that there is none.
const NO_ENGINE: i32 = 3;

/// Runs the short form as a check. Without a Docker engine it checks nothing.
pub(crate) fn short() -> Result<()> {
    let status =
        program::tools("run").args(["--quiet", "--package", "e2e", "--", "--short"]).status()?;
    ensure!(status.success() || status.code() == Some(NO_ENGINE), "it ended with {status}");
    Ok(())
}

/// Replaces this process by the program, which then gets a Ctrl-C, and whose exit code is ours.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = program::tools("run");
    command.args(["--quiet", "--package", "e2e", "--"]).args(&arguments.options);
    let failure = command.exec();
    Err(failure).context("cannot start cargo")
}
