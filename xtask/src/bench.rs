//! `cargo xtask bench`: builds the connector and its bench as for a release, and measures.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{program, python};

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// See `cargo xtask bench --help`. With `python` first, it is measured what the connector costs
    /// inside the Connector SDK
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // Alone, as it is released: with the features that it asks for itself.
    program::run(&mut program::cargo(["build", "--quiet", "--release", "--package", "connector"]))?;
    program::run(program::tools("build").args([
        "--quiet",
        "--release",
        "--package",
        "connector-bench",
    ]))?;
    let mut bench = Command::new(program::target().join("release/connector-bench"));
    bench.args(&arguments.arguments);
    if arguments.arguments.first().is_some_and(|first| first == PYTHON) {
        measure_python(&mut bench)?;
    }
    program::run(&mut bench)
}

/// The verb of the bench that starts Pythons.
const PYTHON: &str = "python";

/// Makes the environments that are compared, and names them.
fn measure_python(bench: &mut Command) -> Result<()> {
    let python::Measured { sdk, ours, example } = python::measured()?;
    bench.arg("--sdk").arg(sdk).arg("--ours").arg(ours).arg("--example").arg(example);
    bench.arg("--deployed").arg(program::root().join("examples").join("influx_db"));
    Ok(())
}

/// What is measured by default.
const WORKLOADS: [&str; 7] = ["narrow", "wide", "tags", "strings", "sparse", "tiny", "interleaved"];

/// Checks that the bench still measures everything, with syncs of a few rows in a development
/// build. The figures do not count.
pub(crate) fn smoke() -> Result<()> {
    let directory = program::build()?;
    program::run(program::tools("build").args(["--quiet", "--package", "connector-bench"]))?;
    let mut bench = Command::new(directory.join("connector-bench"));
    bench.args(["--rounds", "1", "--scale", "1000", "--json"]);
    let report: Value = serde_json::from_str(&program::output(&mut bench)?)?;
    for name in ["debug_rows_per_s", "listening_ms"] {
        ensure!(report[name].is_number(), "`{name}` was not measured");
    }
    let workloads = report["workloads"].as_object().context("no workload was measured")?;
    for workload in WORKLOADS {
        ensure!(workloads.contains_key(workload), "{workload} was not measured");
    }
    for (workload, figures) in workloads {
        let figures = figures.as_object().context("a workload is an object")?;
        ensure!(figures.contains_key("sync_over_wire"), "{workload}: no ratio to the wire");
        for (name, figure) in figures {
            ensure!(figure.is_number(), "{workload}: `{name}` was not measured");
        }
    }
    println!("{} workloads measured", workloads.len());
    Ok(())
}
