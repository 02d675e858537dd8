//! `cargo xtask python`: builds the wheel of `influxdb3_fivetran`, checks what is in it, and plays
//! it inside two releases of Fivetran's Connector SDK.

mod environment;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::program;
use environment::{Environment, scripts, sdk};
use wheel::Build;

/// What to build and play.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Arguments {
    /// Plays the newer SDK alone, with one of its two encodings, as `cargo xtask ci` does
    #[arg(long, conflicts_with = "release")]
    short: bool,
    /// Builds the wheels to publish, optimized
    #[arg(long)]
    release: bool,
    /// Builds for glibc 2.28 and newer, with zig as the linker
    #[arg(long, requires = "release")]
    zig: bool,
}

impl Arguments {
    /// What `cargo xtask ci` runs.
    pub(crate) const SHORT: Self = Self { short: true, release: false, zig: false };
}

/// The releases of the SDK: one before forms, tasks and warnings came, and the newest of 2.x.
const OLDER: &str = "2.9.2";
const NEWER: &str = "2.13.1";

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let build = match arguments {
        Arguments { release: false, .. } => Build::Dev,
        Arguments { zig: false, .. } => Build::Release,
        Arguments { zig: true, .. } => Build::ReleaseForOldGlibc,
    };
    let directory = program::target().join("python");
    fs::create_dir_all(&directory)?;
    let wheels = wheel::build(&directory, build)?;
    wheel::check(&directory, &wheels, build)?;

    program::run(program::cargo(["build"]).args(program::DEMO).args(["--bin", "fivetran-tester"]))?;
    let scripted = scripted(&directory)?;
    let newer = sdk(&directory, NEWER)?;
    for python in pythons(&newer) {
        println!("\nThe adapter, scripted, in {}:", version(&python)?);
        let mut cases = Command::new(&python);
        cases.arg(scripts().join("adapter_cases.py")).arg(&scripted);
        program::run(cases.env("RUST_BACKTRACE", "0"))?;
    }
    play(&newer, &wheels.native, &scripted, NEWER, false)?;
    if !arguments.short {
        play(&newer, &wheels.native, &scripted, NEWER, true)?;
        play(&sdk(&directory, OLDER)?, &wheels.native, &scripted, OLDER, false)?;
    }
    Ok(())
}

/// The environments that `cargo xtask bench python` compares.
pub(crate) struct Measured {
    /// The release of the SDK in both.
    pub(crate) sdk: &'static str,
    /// The Python of the one with our wheel, optimized.
    pub(crate) ours: PathBuf,
    /// The Python of the one with what Fivetran's example depends on.
    pub(crate) example: PathBuf,
}

/// Makes the environments to measure.
pub(crate) fn measured() -> Result<Measured> {
    let directory = program::target().join("python");
    fs::create_dir_all(&directory)?;
    let wheels = wheel::build(&directory, Build::Release)?;
    let ours = sdk(&directory, NEWER)?;
    ours.install_wheel(&wheels.native)?;
    let example = Environment::with(&directory.join("example"), "requirements-example.txt")?;
    Ok(Measured { sdk: NEWER, ours: ours.python(), example: example.python() })
}

/// The cases of the wheel, in one release of the SDK and one encoding.
fn play(
    sdk: &Environment,
    wheel: &Path,
    scripted: &Path,
    release: &str,
    row_data: bool,
) -> Result<()> {
    println!("\nThe wheel, inside fivetran-connector-sdk {release}, row_data={row_data}:");
    sdk.install_wheel(wheel)?;
    let mut cases = Command::new(sdk.python());
    cases
        .arg(scripts().join("cases.py"))
        .env("BINARIES", program::target().join("debug"))
        .env("SCRIPTED", scripted)
        .env("ROW_DATA", row_data.to_string());
    program::run(&mut cases)
}

/// Builds the module whose source plays scripts. Returns the directory from which it is imported.
fn scripted(directory: &Path) -> Result<PathBuf> {
    // An example rather than one of a package, so that the features of shared crates are those of
    // the whole workspace.
    program::run(&mut program::cargo(["build", "--example", "scripted"]))?;
    let directory = directory.join("scripted");
    fs::create_dir_all(&directory)?;
    let built = program::target().join("debug").join("examples").join("libscripted.so");
    let module = directory.join("scripted.abi3.so");
    fs::copy(&built, &module).with_context(|| format!("{} is missing", built.display()))?;
    Ok(directory)
}

/// The Pythons that are there, from the oldest that Fivetran runs on.
fn pythons(newer: &Environment) -> Vec<PathBuf> {
    let others = (10..=14).map(|minor| PathBuf::from(format!("python3.{minor}")));
    let mut found: Vec<_> = others.filter(|python| version(python).is_ok()).collect();
    if found.is_empty() {
        found.push(newer.python());
    }
    found
}

fn version(python: &Path) -> Result<String> {
    let mut command = Command::new(python);
    command.arg("--version").stderr(std::process::Stdio::null());
    let output = command.output()?;
    anyhow::ensure!(output.status.success(), "{} does not run", python.display());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
