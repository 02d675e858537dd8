//! The connector's memory in the course of one long sync: as numbers, and as a picture.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use plotters::prelude::*;
use tokio::time::interval;

use crate::drain::{configuration, drain};
use crate::measure::source;
use crate::program::Program;
use crate::workload::Workload;

#[derive(Args)]
pub(crate) struct Options {
    /// The kind of table
    #[arg(long, value_enum, default_value = "narrow")]
    workload: Workload,
    /// How many rows to move
    #[arg(long, default_value_t = 20_000_000)]
    rows: u64,
    /// How many queries the connector runs at once
    #[arg(long, default_value_t = 4)]
    parallel_queries: usize,
    /// Where to draw it
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// How often memory is looked at.
const EVERY: Duration = Duration::from_millis(20);
const PARTS: usize = 10;

/// Seconds since the start of the sync, and megabytes.
type Sample = (f64, f64);

/// Moves the rows, and says how much memory the connector had meanwhile.
pub(crate) async fn run(options: Options) -> Result<()> {
    let Options { workload, rows, parallel_queries, svg } = options;
    let source = source(workload, rows)?;
    let connector = Program::connector()?;
    let idle = connector.resident_bytes()? as f64 / 1e6;
    let mut configuration = configuration(source.port, workload);
    configuration.insert("parallel_queries".to_owned(), parallel_queries.to_string());
    let samples = watch(&connector, drain(connector.port, configuration)).await?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "{rows} rows, {}, {parallel_queries} queries at once; idle: {idle:.1} MB",
        workload.name()
    )?;
    for (part, (from, to)) in parts(&samples).enumerate() {
        writeln!(
            out,
            "{:>3} to {:>3} % of the time: {from:.1} to {to:.1} MB",
            part * 100 / PARTS,
            (part + 1) * 100 / PARTS
        )?;
    }
    writeln!(out, "peak: {:.1} MB", connector.peak_bytes()? as f64 / 1e6)?;
    match svg {
        Some(file) => draw(&samples, &file, &format!("{rows} rows, {}", workload.name())),
        None => Ok(()),
    }
}

async fn watch<T>(
    connector: &Program,
    sync: impl Future<Output = Result<T>>,
) -> Result<Vec<Sample>> {
    let started = Instant::now();
    let mut samples = Vec::new();
    let mut ticks = interval(EVERY);
    let mut sync = std::pin::pin!(sync);
    loop {
        tokio::select! {
            ended = &mut sync => return ended.map(|_| samples),
            _ = ticks.tick() => {
                let memory = connector.resident_bytes()? as f64 / 1e6;
                samples.push((started.elapsed().as_secs_f64(), memory));
            }
        }
    }
}

/// The least and the most memory in each part of the time.
fn parts(samples: &[Sample]) -> impl Iterator<Item = (f64, f64)> {
    samples.chunks(samples.len().div_ceil(PARTS).max(1)).map(|part| {
        let memory = part.iter().map(|(_, memory)| *memory);
        (memory.clone().fold(f64::INFINITY, f64::min), memory.fold(0.0, f64::max))
    })
}

fn draw(samples: &[Sample], file: &std::path::Path, title: &str) -> Result<()> {
    let (last, _) = samples.last().context("the sync was over before it could be watched")?;
    let most = samples.iter().map(|(_, memory)| *memory).fold(0.0, f64::max);
    let area = SVGBackend::new(file, (800, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        // From nothing, or else noise would look like growth.
        .build_cartesian_2d(0.0..*last, 0.0..most * 1.25)?;
    chart.configure_mesh().x_desc("seconds").y_desc("resident memory, MB").draw()?;
    chart.draw_series(LineSeries::new(samples.iter().copied(), &BLUE))?;
    Ok(area.present()?)
}
