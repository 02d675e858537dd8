//! `cargo xtask fuzz`: every parser of foreign bytes and text, on inputs that libFuzzer makes, each
//! target for a while.
//!
//! Corpora grow in the target directory; what is in the repository is where each run starts from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::program;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to run each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Runs this target alone
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// The smoke run of `cargo xtask ci`: the corpora of the repository, and a few seconds more.
pub(crate) fn smoke() -> Result<()> {
    run(&Arguments { seconds: 3, target: None })
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let known = targets()?;
    let chosen = match &arguments.target {
        None => known,
        Some(name) if known.contains(name) => vec![name.clone()],
        Some(name) => bail!("there is no target {name:?}; there are: {}", known.join(", ")),
    };
    let place = Place::build(&chosen)?;
    let mut rows = Vec::new();
    for name in &chosen {
        println!("\n{name}: {} s ...", arguments.seconds);
        rows.push(place.fuzz(name, arguments.seconds)?);
    }
    print(&rows);
    let crashed: Vec<_> = rows.iter().filter(|row| row.crash.is_some()).collect();
    for row in &crashed {
        let input = row.crash.as_deref().unwrap_or(Path::new("an input that was not kept"));
        println!("\n{} fails on {}; the log is {}", row.name, input.display(), row.log.display());
    }
    ensure!(crashed.is_empty(), "{} of {} targets failed", crashed.len(), rows.len());
    Ok(())
}

/// The crate with the targets.
fn fuzz_crate() -> PathBuf {
    program::root().join("xtask").join("fuzz")
}

/// The targets are the files in `fuzz_targets`.
fn targets() -> Result<Vec<String>> {
    let directory = fuzz_crate().join("fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("{directory:?} is missing"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Where the programs are, and what they make.
struct Place {
    programs: PathBuf,
    directory: PathBuf,
}

/// What came of a target.
struct Row {
    name: String,
    executions: u64,
    seconds: f64,
    /// Inputs that reach something that no other reaches, and are kept.
    corpus: usize,
    crash: Option<PathBuf>,
    log: PathBuf,
}

impl Place {
    /// Builds the targets in a directory of their own: every crate is compiled with counters in it.
    fn build(targets: &[String]) -> Result<Self> {
        install_cargo_fuzz()?;
        let directory = program::target().join("fuzz");
        let started = Instant::now();
        let build = |target: Option<&str>| {
            program::run(
                program::cargo(["fuzz", "build", "--sanitizer", "none", "--fuzz-dir"])
                    .arg(fuzz_crate())
                    .arg("--target-dir")
                    .arg(&directory)
                    .args(target),
            )
        };
        match targets {
            [one] => build(Some(one))?,
            _ => build(None)?,
        }
        println!("built in {} s", started.elapsed().as_secs());
        let programs = directory.join(host()?).join("release");
        Ok(Self { programs, directory })
    }

    /// Runs a target; libFuzzer's own words go to a log.
    fn fuzz(&self, name: &str, seconds: u64) -> Result<Row> {
        let made = |what: &str| -> Result<PathBuf> {
            let directory = self.directory.join(what).join(name);
            fs::create_dir_all(&directory)?;
            Ok(directory)
        };
        let (corpus, artifacts) = (made("corpus")?, made("artifacts")?);
        let before = files(&artifacts)?;
        let log = self.directory.join(format!("{name}.log"));
        let started = Instant::now();
        let status = Command::new(self.programs.join(name))
            .args([
                format!("-max_total_time={seconds}"),
                format!("-artifact_prefix={}/", artifacts.display()),
                "-print_final_stats=1".to_owned(),
                // An input that takes this long, or this much memory, is a finding too.
                "-timeout=10".to_owned(),
                "-rss_limit_mb=2048".to_owned(),
            ])
            // New inputs go to the first directory.
            .arg(&corpus)
            .arg(fuzz_crate().join("corpus").join(name))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .status()
            .with_context(|| format!("cannot start the target {name}"))?;
        let seconds = started.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let crash = files(&artifacts)?.into_iter().find(|file| !before.contains(file));
        let crash = match crash {
            // It may have ended before it had an input to blame.
            None if !status.success() => Some(log.clone()),
            crash => crash,
        };
        Ok(Row {
            name: name.to_owned(),
            executions: executions(&said),
            seconds,
            corpus: files(&corpus)?.len(),
            crash,
            log,
        })
    }
}

/// The count in the last line that has one: the final one, or that of the last input that was kept.
fn executions(said: &str) -> u64 {
    let final_count = said
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok());
    let counted = |line: &str| line.strip_prefix('#')?.split_whitespace().next()?.parse().ok();
    final_count.or_else(|| said.lines().rev().find_map(counted)).unwrap_or(0)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?;
    Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
}

fn print(rows: &[Row]) {
    println!(
        "\n {:<16} {:>12} {:>13} {:>7} {:>8}",
        "target", "executions", "executions/s", "corpus", "crashes"
    );
    for row in rows {
        println!(
            " {:<16} {:>12} {:>13.0} {:>7} {:>8}",
            row.name,
            row.executions,
            row.executions as f64 / row.seconds,
            row.corpus,
            u8::from(row.crash.is_some()),
        );
    }
}

/// The platform that `cargo fuzz` builds for, which names a directory.
fn host() -> Result<String> {
    let version = program::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

/// The version that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

fn install_cargo_fuzz() -> Result<()> {
    program::install("fuzz", CARGO_FUZZ)
}
