//! `connector debug`: from InfluxDB into a warehouse on disk.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::drain::configuration;
use crate::measure::{median, source};
use crate::program;
use crate::workload::Workload;

/// Rows per second of syncs of the narrow workload, each into a warehouse of its own.
pub(crate) fn rows_per_s(rounds: usize, scale: u64) -> Result<f64> {
    let rows = (Workload::Narrow.rows() / scale).max(1);
    let source = source(Workload::Narrow, rows)?;
    let configuration = serde_json::to_vec(&configuration(source.port, Workload::Narrow))?;
    let measured = (0..rounds).map(|_| sync(&configuration, rows));
    Ok(median(measured.collect::<Result<_>>()?))
}

fn sync(configuration: &[u8], rows: u64) -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let (file, report) =
        (directory.path().join("configuration.json"), directory.path().join("report.json"));
    fs::write(&file, configuration)?;
    let mut command = Command::new(program::connector()?);
    command.arg("debug").args(["--rows", "0", "--configuration"]).arg(&file);
    command.arg("--directory").arg(directory.path()).arg("--report").arg(&report);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?} ended with {status}");
    let report: Value = serde_json::from_slice(&fs::read(&report)?)?;
    ensure!(report["rows"] == rows, "{} of {rows} rows have come", report["rows"]);
    Ok(rows as f64 / report["seconds"].as_f64().context("no time in the report")?)
}
