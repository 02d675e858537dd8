//! `connector reset`: deletes the local warehouse and its state.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fivetran_tester::Project;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where warehouse.db and state.json are
    #[arg(long, default_value = ".")]
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    Project::open(&arguments.directory)?.reset()?;
    println!("The next sync into {} is a first one.", arguments.directory.display());
    Ok(ExitCode::SUCCESS)
}
