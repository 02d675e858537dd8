//! The program: its arguments, and its loop of syncs.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use fivetran_tester::{
    Configuration, Event, FirstState, Project, Report, SelectionBuilder, Stop, SyncOptions, Tester,
    Trailing, read_configuration,
};

/// Plays Fivetran against a source connector: runs syncs into a local warehouse (SQLite).
#[derive(clap::Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The connector
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:50051")]
    connector: String,

    /// A JSON file with the configuration, field by field; it is read again for each sync
    #[arg(long, value_name = "FILE")]
    configuration: PathBuf,

    /// Where warehouse.db and state.json are kept
    #[arg(long, default_value = ".")]
    directory: PathBuf,

    /// Write what the last sync came to into this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Sync again and again, so long after the end of each sync, such as `5s`; also after one that
    /// failed
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    every: Option<Duration>,

    #[command(flatten)]
    sync: Sync,
}

/// How a sync is played.
#[derive(Args)]
struct Sync {
    /// Forget the state first, so that this sync is a re-sync
    #[arg(long)]
    resync: bool,

    /// Begin without a state with the text {}, as a connector on the Connector SDK needs it
    #[arg(long)]
    first_state_object: bool,

    /// Break off after so many rows, as a worker that is lost
    #[arg(long, value_name = "N", conflicts_with = "stop_after_checkpoints")]
    stop_after_rows: Option<u64>,

    /// Break off after so many checkpoints
    #[arg(long, value_name = "N")]
    stop_after_checkpoints: Option<u64>,

    /// Lose the rows that no checkpoint vouches for when a sync ends, instead of keeping them
    #[arg(long)]
    roll_back: bool,

    /// Rest so long after each run of records, as a warehouse that is slow
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    rest: Option<Duration>,

    /// Leave a table out
    #[arg(long, value_name = "TABLE")]
    without_table: Vec<String>,

    /// Leave a column out
    #[arg(long, value_name = "TABLE.COLUMN")]
    without_column: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    loop {
        let outcome = sync_once(&arguments).await;
        let Some(pause) = arguments.every else {
            return Ok(if outcome?.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        };
        // Go on after an error, as Fivetran does.
        if let Err(error) = outcome {
            println!("no sync: {error:#}");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn sync_once(arguments: &Arguments) -> anyhow::Result<Report> {
    let configuration = read_configuration(&arguments.configuration)?;
    let tester = Tester::connect(&arguments.connector).await?;
    let mut project = Project::open(&arguments.directory)?;
    if arguments.sync.resync {
        project.clear_state()?;
    }
    let options = arguments.sync.options(&tester, &configuration).await?;
    let rest = arguments.sync.rest.unwrap_or_default();
    let report = tester
        .sync(&mut project, &configuration, options, move |event| on_event(event, rest))
        .await?;
    println!("{report}");
    if let Some(file) = &arguments.report {
        fs::write(file, report.to_json().to_string())
            .with_context(|| format!("cannot write the report to {}", file.display()))?;
    }
    Ok(report)
}

/// Handles an event on the thread that writes to the warehouse. A pause there slows the connector
/// down.
fn on_event(event: Event<'_>, rest: Duration) {
    match event {
        Event::Records { .. } if !rest.is_zero() => std::thread::sleep(rest),
        Event::Checkpoint { number, rows } => println!("checkpoint {number} at {rows} rows"),
        _ => {}
    }
}

impl Sync {
    async fn options(
        &self,
        tester: &Tester,
        configuration: &Configuration,
    ) -> anyhow::Result<SyncOptions> {
        let stop = match (self.stop_after_rows, self.stop_after_checkpoints) {
            (Some(rows), _) => Stop::AfterRows(rows),
            (None, Some(checkpoints)) => Stop::AfterCheckpoints(checkpoints),
            (None, None) => Stop::Never,
        };
        let trailing = if self.roll_back { Trailing::RollBack } else { Trailing::Keep };
        let first_state =
            if self.first_state_object { FirstState::EmptyObject } else { FirstState::Absent };
        let mut options = SyncOptions { selection: None, stop, trailing, first_state };
        if self.without_table.is_empty() && self.without_column.is_empty() {
            return Ok(options);
        }
        let mut selection = SelectionBuilder::new(&tester.schema(configuration).await?.answer);
        for table in &self.without_table {
            selection = selection.without_table(table.as_str())?;
        }
        for column in &self.without_column {
            let Some((table, column)) = column.rsplit_once('.') else {
                bail!(
                    "--without-column {column}: write the table before the column, as in cpu.usage"
                );
            };
            selection = selection.without_column(table, column)?;
        }
        options.selection = selection.build();
        Ok(options)
    }
}
