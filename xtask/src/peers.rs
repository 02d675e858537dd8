//! `cargo xtask peers`: runs unmodified Python peers, in a virtual environment that it makes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::program::{self, TOKEN};

pub(crate) fn run() -> Result<()> {
    let python = virtual_environment()?;
    let binaries = program::build()?;
    let peers = program::root().join("xtask").join("peers");

    println!("\ninfluxdb3-python writes and reads the fake InfluxDB:");
    let influx =
        program::influx_fake(&binaries, &[("census", "census.lp"), ("census", "home.lp")])?;
    program::run(Command::new(&python).arg(peers.join("influxdb3_client.py")).args([
        &format!("http://{}", influx.address),
        "peers",
        TOKEN,
    ]))?;

    println!("\ngrpcio drives a sync of the connector:");
    let connector = program::connector(&binaries)?;
    let directory = tempfile::tempdir()?;
    let configuration = directory.path().join("configuration.json");
    let settings = json!({
        "hostname": format!("http://{}", influx.address),
        "token": TOKEN,
        "database": "census",
        "measurement": "*",
    });
    fs::write(&configuration, settings.to_string())?;
    program::run(
        Command::new(&python)
            .arg(peers.join("fivetran_client.py"))
            .arg(&connector.address)
            .arg(&configuration)
            .args([
                format!("census={}", points("census.lp")?),
                format!("home={}", points("home.lp")?),
            ]),
    )
}

/// The number of points of a fixture, which has no point twice.
fn points(file: &str) -> Result<usize> {
    let text = fs::read_to_string(program::root().join("fixtures").join(file))?;
    Ok(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count())
}

/// The `python` of a virtual environment with the peers in it.
fn virtual_environment() -> Result<PathBuf> {
    let directory = program::target().join("peers");
    let python = directory.join("bin").join("python");
    // An environment that was not completed has a `python`, but no `pip`.
    if !directory.join("bin").join("pip").exists() {
        program::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
            .context("the peers need Python 3 with its venv module")?;
    }
    let requirements = program::root().join("xtask").join("peers").join("requirements.txt");
    program::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(requirements),
    )?;
    Ok(python)
}
