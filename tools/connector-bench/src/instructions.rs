//! Counts instructions a row with valgrind, of the encoder alone and of the whole connector. Unlike
//! times, these repeat.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::capture;
use crate::count::Yardstick;
use crate::drain::{configuration, drain};
use crate::encoding::Sample;
use crate::measure::source;
use crate::program::{self, Program};
use crate::workload::Workload;

#[derive(Args)]
pub(crate) struct Options {
    /// The kind of table
    #[arg(long, value_enum, default_value = "narrow")]
    workload: Workload,
    /// The connector to count [default: the one that was built beside this program]
    #[arg(long, value_name = "FILE")]
    connector: Option<std::path::PathBuf>,
    /// How many of its hottest functions to name
    #[arg(long, default_value_t = 12)]
    functions: usize,
}

/// The result is the difference between two runs, divided by the difference of their rows. So work
/// that is done once a run does not count.
const ROWS: [u64; 2] = [100_000, 200_000];

/// What a run under valgrind came to.
struct Counted {
    instructions: u64,
    hottest: Vec<String>,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let Options { workload, connector, functions } = options;
    let connector = connector.map_or_else(program::connector, Ok)?;
    let directory = tempfile::tempdir()?;
    let mut out = std::io::stdout();

    let sample = directory.path().join("messages");
    let small = source(workload, ROWS[0])?;
    let plain = Program::connector()?;
    let captured =
        capture::capture(plain.port, configuration(small.port, workload), ROWS[0]).await?;
    capture::write(&captured, &sample)?;
    let mut encoder = Vec::new();
    for times in [1, 2] {
        let mut command = valgrind(&directory.path().join("encoder"), &std::env::current_exe()?);
        command.arg("encode").arg("--messages").arg(&sample).args(["--times", &times.to_string()]);
        ensure!(command.output()?.status.success(), "{command:?} has failed");
        encoder.push(counted(&directory.path().join("encoder"), functions)?);
    }
    let yardstick = Yardstick::of(&captured);
    tell(&mut out, "encoder", &encoder, yardstick.rows)?;

    let mut whole = Vec::new();
    for rows in ROWS {
        let source = source(workload, rows)?;
        let file = directory.path().join("connector");
        let mut command = valgrind(&file, &connector);
        let counting = Program::start(command.args(["--port", "0"]))?;
        let drained = drain(counting.port, configuration(source.port, workload)).await?;
        yardstick.ensure(rows, &drained)?;
        counting.end()?;
        whole.push(counted(&file, functions)?);
    }
    tell(&mut out, "whole connector", &whole, ROWS[1] - ROWS[0])
}

fn tell(out: &mut impl Write, what: &str, runs: &[Counted], rows: u64) -> Result<()> {
    let [small, large] = runs else { anyhow::bail!("two runs are compared") };
    let more = large.instructions.saturating_sub(small.instructions);
    writeln!(out, "{what}: {:.0} instructions per row", more as f64 / rows as f64)?;
    for line in &large.hottest {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// Encodes the rows of some messages so many times: what is counted of the encoder.
pub(crate) fn encode(file: &Path, times: u64) -> Result<()> {
    Sample::new(&capture::read(file)?)?.encode(times)
}

fn valgrind(file: &Path, program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
    command
}

fn counted(file: &Path, functions: usize) -> Result<Counted> {
    let text = fs::read_to_string(file).with_context(|| format!("no {}", file.display()))?;
    let totals = text.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    let totals = totals.or_else(|| text.lines().find_map(|line| line.strip_prefix("summary: ")));
    let instructions = totals.context("callgrind has counted nothing")?.trim().parse()?;
    let annotated = Command::new("callgrind_annotate").arg(file).output();
    let annotated = annotated.context("cannot start callgrind_annotate")?;
    let annotated = String::from_utf8_lossy(&annotated.stdout).into_owned();
    let hottest = annotated.lines().filter(|line| line.contains('%') && line.contains(':'));
    let hottest = hottest.take(functions).map(|line| line.trim().to_owned()).collect();
    Ok(Counted { instructions, hottest })
}
