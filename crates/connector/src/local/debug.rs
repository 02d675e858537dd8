//! `connector debug`: runs a sync into a local warehouse.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use fivetran_tester::{Event, Project, Stop, SyncOptions, read_configuration};
use indicatif::{ProgressBar, ProgressStyle};

use super::peer::Peer;
use super::{Connection, report};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,

    /// Where warehouse.db and state.json are kept
    #[arg(long, default_value = ".")]
    directory: PathBuf,

    /// How many rows to show afterwards of each table that has got some
    #[arg(long, value_name = "N", default_value_t = 5)]
    rows: u32,

    /// Break off after so many rows, as a worker that is lost
    #[arg(long, value_name = "N", conflicts_with = "stop_after_checkpoints")]
    stop_after_rows: Option<u64>,

    /// Break off after so many checkpoints
    #[arg(long, value_name = "N")]
    stop_after_checkpoints: Option<u64>,

    /// Write what happened to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Arguments {
    fn stop(&self) -> Stop {
        match (self.stop_after_rows, self.stop_after_checkpoints) {
            (Some(rows), _) => Stop::AfterRows(rows),
            (None, Some(checkpoints)) => Stop::AfterCheckpoints(checkpoints),
            (None, None) => Stop::Never,
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let configuration = read_configuration(&arguments.connection.configuration)?;
    let peer = Peer::connect(&arguments.connection).await?;
    let mut project = Project::open(&arguments.directory)?;
    let options = SyncOptions { stop: arguments.stop(), ..SyncOptions::default() };

    let bar = ProgressBar::new_spinner().with_style(style()?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let drawn = bar.clone();
    let report = peer
        .tester
        .sync(&mut project, &configuration, options, move |event| draw(&drawn, event))
        .await;
    bar.finish_and_clear();
    let report = report?;

    print!("{}", report::summary(&report, &project, arguments.rows)?);
    if let Some(file) = &arguments.report {
        fs::write(file, report.to_json().to_string())
            .with_context(|| format!("cannot write the report to {}", file.display()))?;
    }
    Ok(if report.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn style() -> anyhow::Result<ProgressStyle> {
    Ok(ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}, {elapsed}")?)
}

fn draw(bar: &ProgressBar, event: Event<'_>) {
    match event {
        Event::Records { count, .. } => bar.inc(count),
        Event::Warning(text) => bar.suspend(|| println!("Warning: {text}")),
        Event::Task(text) => bar.suspend(|| println!("Task: {text}")),
        _ => {}
    }
}
