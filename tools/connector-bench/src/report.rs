//! All figures of a run, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::debug;
use crate::influx::{self, Server};
use crate::machine::Machine;
use crate::measure::{Figures, measure, median};
use crate::program::Program;
use crate::workload::Workload;

/// What a run came to.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    workloads: BTreeMap<Workload, Figures>,
    /// Rows per second of `connector debug` into its warehouse, narrow.
    debug_rows_per_s: f64,
    /// From the connector's start until it listens.
    listening_ms: f64,
    /// The tables of a real InfluxDB, where one was named.
    influxdb: Option<influx::Figures>,
    rounds: usize,
}

impl Report {
    /// Measures workloads, so many times each.
    pub(crate) async fn measure(workloads: &[Workload], rounds: usize, scale: u64) -> Result<Self> {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")?;
        let progress = ProgressBar::new_spinner().with_style(style);
        progress.enable_steady_tick(std::time::Duration::from_millis(200));
        let mut figures = BTreeMap::new();
        for &workload in workloads {
            progress.set_message(workload.name());
            figures.insert(workload, measure(workload, rounds, scale).await?);
        }
        let influxdb = match Server::from_environment() {
            Some(server) => {
                progress.set_message("InfluxDB");
                Some(server.measure(rounds).await?)
            }
            None => None,
        };
        progress.set_message("debug");
        let debug_rows_per_s = debug::rows_per_s(rounds, scale)?;
        progress.set_message("start");
        let listening = (0..rounds.max(5))
            .map(|_| Ok(Program::connector()?.listening_after.as_secs_f64() * 1e3));
        let listening_ms = median(listening.collect::<Result<_>>()?);
        progress.finish_and_clear();
        Ok(Self {
            machine: Machine::describe()?,
            workloads: figures,
            debug_rows_per_s,
            listening_ms,
            influxdb,
            rounds,
        })
    }

    pub(crate) fn print_json(&self) -> Result<()> {
        Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(self)?)?)
    }

    pub(crate) fn print_table(&self) -> Result<()> {
        let mut table = Table::new();
        table.load_preset(NOTHING);
        table.set_header(COLUMNS);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for (workload, figures) in &self.workloads {
            table.add_row(row(*workload, figures));
        }
        let mut out = std::io::stdout();
        writeln!(out, "{}\n", self.machine)?;
        writeln!(out, "{}\n", table.trim_fmt())?;
        writeln!(out, "connector debug, narrow: {:.0} k rows/s", self.debug_rows_per_s / 1e3)?;
        writeln!(out, "listening after {:.1} ms", self.listening_ms)?;
        if let Some(figures) = &self.influxdb {
            writeln!(out, "{figures}")?;
        }
        Ok(writeln!(out, "medians of {} rounds", self.rounds)?)
    }
}

const COLUMNS: [&str; 13] = [
    "workload",
    "rows",
    "M rows/s",
    "MB/s",
    "us CPU/row",
    "(source)",
    "peak MB",
    "sync/wire",
    "sync/prost",
    "encode/prost",
    "encode/memcpy",
    "10x rows/s",
    "10x memory",
];

fn row(workload: Workload, figures: &Figures) -> Vec<String> {
    vec![
        workload.name(),
        figures.rows.to_string(),
        format!("{:.2}", figures.rows_per_s / 1e6),
        format!("{:.0}", figures.mb_per_s),
        format!("{:.3}", figures.cpu_us_per_row),
        format!("{:.3}", figures.source_cpu_us_per_row),
        format!("{:.1}", figures.peak_mb),
        format!("{:.2}", figures.sync_over_wire),
        format!("{:.1}", figures.sync_over_prost),
        format!("{:.1}", figures.encode_over_prost),
        format!("{:.2}", figures.encode_over_memcpy),
        format!("{:.2}", figures.tenx_rows),
        format!("{:.2}", figures.tenx_memory),
    ]
}
