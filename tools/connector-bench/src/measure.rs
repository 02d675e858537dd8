//! Measures one kind of table: several rounds, each with everything that is compared, and their
//! medians.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::capture;
use crate::count::{Yardstick, count};
use crate::drain::{configuration, drain};
use crate::encoding::{Encoding, Sample};
use crate::program::Program;
use crate::workload::Workload;

/// The larger sync moves so many times the rows of the smaller one.
const TEN: u64 = 10;
/// Rows of the messages that are sent over and over for comparison.
const SAMPLE_ROWS: u64 = 20_000;

/// What a workload came to: medians of all rounds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// The whole path, divided by the captured messages, through the same server to the same
    /// client.
    pub(crate) sync_over_wire: f64,
    /// The whole path against the same path with idiomatic prost messages.
    pub(crate) sync_over_prost: f64,
    /// The encoder alone against prost's.
    pub(crate) encode_over_prost: f64,
    /// The encoder alone against copying its output.
    pub(crate) encode_over_memcpy: f64,
    pub(crate) rows_per_s: f64,
    pub(crate) mb_per_s: f64,
    /// Processor time of the connector alone.
    pub(crate) cpu_us_per_row: f64,
    /// The same of the source, which is no part of the connector.
    pub(crate) source_cpu_us_per_row: f64,
    pub(crate) peak_mb: f64,
    /// Rows per second of the sync of ten times the rows over those of the smaller one.
    pub(crate) tenx_rows: f64,
    /// The same of peak memory.
    pub(crate) tenx_memory: f64,
    /// How many rows the larger sync moved.
    pub(crate) rows: u64,
}

/// One sync through the connector.
#[derive(Clone, Copy, Debug)]
struct Sync {
    rows_per_s: f64,
    bytes: u64,
    elapsed: Duration,
    cpu: Duration,
    source_cpu: Duration,
    peak_bytes: u64,
}

/// The servers of a workload that serve all rounds.
struct Stage {
    workload: Workload,
    rows: u64,
    small: Program,
    large: Program,
    wire: Program,
    sample: Sample,
    /// All rows of the small one, once.
    yardstick: Yardstick,
    /// Kept for as long as a program reads it.
    _messages: NamedTempFile,
}

/// Measures a workload; `scale` makes all of its syncs smaller.
pub(crate) async fn measure(workload: Workload, rounds: usize, scale: u64) -> Result<Figures> {
    let stage = Stage::new(workload, (workload.rows() / scale).max(1)).await?;
    let mut columns = BTreeMap::<&str, Vec<f64>>::new();
    for _ in 0..rounds {
        for (name, value) in stage.round().await? {
            columns.entry(name).or_default().push(value);
        }
    }
    let mut median = |name| median(columns.remove(name).unwrap_or_default());
    Ok(Figures {
        sync_over_wire: median("sync_over_wire"),
        sync_over_prost: median("sync_over_prost"),
        encode_over_prost: median("encode_over_prost"),
        encode_over_memcpy: median("encode_over_memcpy"),
        rows_per_s: median("rows_per_s"),
        mb_per_s: median("mb_per_s"),
        cpu_us_per_row: median("cpu_us_per_row"),
        source_cpu_us_per_row: median("source_cpu_us_per_row"),
        peak_mb: median("peak_mb"),
        tenx_rows: median("tenx_rows"),
        tenx_memory: median("tenx_memory"),
        rows: TEN * stage.rows,
    })
}

/// The middle one; of an even number, the upper one of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Stage {
    async fn new(workload: Workload, rows: u64) -> Result<Self> {
        let small = source(workload, rows)?;
        let large = source(workload, TEN * rows)?;
        let from_small = || configuration(small.port, workload);
        let yardstick = count(Program::connector()?.port, from_small()).await?;
        ensure!(yardstick.rows == rows, "{} of {rows} rows have come", yardstick.rows);
        let connector = Program::connector()?;
        let messages = capture::capture(connector.port, from_small(), SAMPLE_ROWS).await?;
        let file = NamedTempFile::new()?;
        capture::write(&messages, file.path())?;
        let wire = wire(file.path(), TEN * rows)?;
        let sample = Sample::new(&messages)?;
        Ok(Self { workload, rows, small, large, wire, sample, yardstick, _messages: file })
    }

    async fn round(&self) -> Result<Vec<(&'static str, f64)>> {
        let large = self.sync(&self.large, TEN * self.rows).await?;
        let wire = drain(self.wire.port, BTreeMap::new()).await?;
        let small = self.sync(&self.small, self.rows).await?;
        let idiomatic = Program::role("idiomatic", &[])?;
        let prost = drain(idiomatic.port, configuration(self.small.port, self.workload)).await?;
        self.yardstick.ensure(self.rows, &prost)?;
        let Encoding { ours, prost: by_prost, copy } = self.sample.measure()?;
        let large_rows = (TEN * self.rows) as f64;
        // It sends whole pieces, and so a few rows more than were asked of it.
        let wire_rows_per_s = self.yardstick.rows_of(&wire) / wire.elapsed.as_secs_f64();
        let prost_rows_per_s = self.rows as f64 / prost.elapsed.as_secs_f64();
        let us_per_row = |cpu: Duration| cpu.as_secs_f64() * 1e6 / large_rows;
        Ok(vec![
            ("sync_over_wire", large.rows_per_s / wire_rows_per_s),
            // Syncs of the same rows, and so with the same share of what is done once.
            ("sync_over_prost", small.rows_per_s / prost_rows_per_s),
            ("encode_over_prost", by_prost / ours),
            ("encode_over_memcpy", copy / ours),
            ("rows_per_s", large.rows_per_s),
            ("mb_per_s", large.bytes as f64 / 1e6 / large.elapsed.as_secs_f64()),
            ("cpu_us_per_row", us_per_row(large.cpu)),
            ("source_cpu_us_per_row", us_per_row(large.source_cpu)),
            ("peak_mb", large.peak_bytes as f64 / 1e6),
            ("tenx_rows", large.rows_per_s / small.rows_per_s),
            ("tenx_memory", large.peak_bytes as f64 / small.peak_bytes as f64),
        ])
    }

    /// A sync through a connector that was just started.
    async fn sync(&self, source: &Program, rows: u64) -> Result<Sync> {
        let connector = Program::connector()?;
        let (cpu, source_cpu) = (connector.cpu()?, source.cpu()?);
        let drained = drain(connector.port, configuration(source.port, self.workload)).await?;
        self.yardstick.ensure(rows, &drained)?;
        Ok(Sync {
            rows_per_s: rows as f64 / drained.elapsed.as_secs_f64(),
            bytes: drained.bytes,
            elapsed: drained.elapsed,
            cpu: connector.cpu()?.saturating_sub(cpu),
            source_cpu: source.cpu()?.saturating_sub(source_cpu),
            peak_bytes: connector.peak_bytes()?,
        })
    }
}

/// A source of a workload.
pub(crate) fn source(workload: Workload, rows: u64) -> Result<Program> {
    Program::role(
        "source",
        &["--workload".into(), workload.name(), "--rows".into(), rows.to_string()],
    )
}

fn wire(messages: &Path, rows: u64) -> Result<Program> {
    let messages = messages.display().to_string();
    Program::role("wire", &["--messages".into(), messages, "--rows".into(), rows.to_string()])
}
