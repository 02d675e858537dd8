//! The connector inside Fivetran's Connector SDK, beside the SDK alone and the Python example.
//!
//! All are processes of Python that serve the same calls to the same client. Ours and the example
//! read the same prebuilt rows over Flight; the floor sends one constant row over and over.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes};
use clap::Args;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{SchemaRequest, UpdateRequest, UpdateResponse, method};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde::Serialize;

use crate::drain::configuration;
use crate::machine::Machine;
use crate::measure::{median, source};
use crate::program::Program;
use crate::wire::call;
use crate::workload::Workload;

#[derive(Args)]
pub(crate) struct Options {
    /// The Python of an environment with the SDK and our wheel
    #[arg(long, value_name = "FILE")]
    ours: PathBuf,
    /// The Python of an environment with the SDK and what the example depends on
    #[arg(long, value_name = "FILE")]
    example: PathBuf,
    /// The release of the SDK in both
    #[arg(long, value_name = "VERSION")]
    sdk: String,
    /// The folder of `connector.py` that a customer deploys
    #[arg(long, value_name = "DIRECTORY")]
    deployed: PathBuf,
    /// How many rows each sync moves
    #[arg(long, default_value_t = 200_000)]
    rows: u64,
    /// How often each is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a row looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    /// Five columns, and the time is a text: the example's table.
    Text,
    /// Seven columns, with a key and a UTC_DATETIME: our table by default.
    Typed,
}

/// Who sends the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Contender {
    Floor,
    Ours,
    Example,
}

/// What is measured in each encoding, in turns.
const TURNS: [(Shape, Contender); 5] = [
    (Shape::Text, Contender::Floor),
    (Shape::Text, Contender::Ours),
    (Shape::Text, Contender::Example),
    (Shape::Typed, Contender::Floor),
    (Shape::Typed, Contender::Ours),
];

/// A line of the report, by which figures of all rounds are kept.
type Line = (Shape, bool, Contender);

/// One sync.
#[derive(Clone, Copy, Debug)]
struct Sync {
    cpu_us_per_row: f64,
    rows_per_s: f64,
    peak_mb: f64,
}

/// What a line came to: medians of all rounds. A ratio is the median of the ratios of all rounds.
#[derive(Serialize)]
struct Figures {
    shape: Shape,
    row_data: bool,
    contender: Contender,
    cpu_us_per_row: f64,
    rows_per_s: f64,
    peak_mb: f64,
    cpu_over_floor: f64,
    cpu_over_example: Option<f64>,
    memory_over_example: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    machine: Machine,
    sdk: String,
    rows: u64,
    rounds: usize,
    figures: Vec<Figures>,
    /// What the wheel takes on disk, and what the example's dependencies do.
    ours_on_disk_mb: f64,
    example_on_disk_mb: f64,
}

/// Measures all of them in turns.
pub(crate) async fn run(options: Options) -> Result<()> {
    let rows = options.rows;
    let source = source(Workload::Narrow, rows)?;
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let mut round = BTreeMap::<Line, Sync>::new();
        for row_data in [false, true] {
            for (shape, contender) in TURNS {
                let program = start(&options, shape, row_data, contender)?;
                let sync = sync(&program, fields(source.port, shape), rows).await;
                let sync = sync.with_context(|| format!("{contender:?}, {shape:?}"))?;
                round.insert((shape, row_data, contender), sync);
            }
        }
        rounds.push(round);
    }
    let (ours_on_disk_mb, example_on_disk_mb) = on_disk(&options)?;
    let report = Report {
        machine: Machine::describe()?,
        sdk: options.sdk,
        rows,
        rounds: rounds.len(),
        figures: figures(&rounds),
        ours_on_disk_mb,
        example_on_disk_mb,
    };
    let mut out = std::io::stdout();
    match options.json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        false => report.print(&mut out)?,
    }
    Ok(())
}

fn start(options: &Options, shape: Shape, row_data: bool, contender: Contender) -> Result<Program> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let (python, connector) = match contender {
        Contender::Floor => (&options.ours, scripts.join("floor.py")),
        Contender::Ours => (&options.ours, options.deployed.join("connector.py")),
        Contender::Example => (&options.example, scripts.join("example.py")),
    };
    let mut command = Command::new(python);
    command.arg(scripts.join("serve.py")).arg(connector);
    command.env("SHAPE", if shape == Shape::Text { "text" } else { "typed" });
    command.env("ROWS", options.rows.to_string());
    command.env("ConnectorSdkRemoveValueType", row_data.to_string());
    Program::start(&mut command)
}

/// The configuration for a shape. The example takes its five keys out of it.
fn fields(source: u16, shape: Shape) -> BTreeMap<String, String> {
    let mut fields = configuration(source, Workload::Narrow);
    let parity = [
        ("table_name", "census_table"),
        ("primary_key", "none"),
        ("time_format", "iso8601_micros"),
    ];
    let parity = parity.iter().filter(|_| shape == Shape::Text);
    let others = [("org", "")].iter().chain(parity);
    fields.extend(others.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

/// Asks for the schema, as Fivetran does, and takes a whole first sync.
async fn sync(program: &Program, fields: BTreeMap<String, String>, rows: u64) -> Result<Sync> {
    let request = SchemaRequest { configuration: fields.clone() };
    let mut schema = call(program.port, method::SCHEMA, request.encode_to_vec().into()).await?;
    while schema.message().await?.is_some() {}
    let request =
        UpdateRequest { configuration: fields, selection: None, state_json: Some("{}".to_owned()) };
    let before = program.cpu()?;
    let started = Instant::now();
    let mut messages = call(program.port, method::UPDATE, request.encode_to_vec().into()).await?;
    let (mut came, mut elapsed) = (0, Duration::ZERO);
    while let Some(message) = messages.message().await? {
        let records = records(&message)?;
        if records > 0 {
            came += records;
            // The SDK ends a sync up to a second after its last record.
            elapsed = started.elapsed();
        } else if let Some(Operation::Task(task)) = UpdateResponse::decode(message)?.operation {
            bail!("the sync has failed: {}", task.message);
        }
    }
    let cpu = program.cpu()?.saturating_sub(before);
    // A truncate is a record too.
    ensure!(came == rows || came == rows + 1, "{came} of {rows} rows have come");
    let rows = rows as f64;
    Ok(Sync {
        cpu_us_per_row: cpu.as_secs_f64() * 1e6 / rows,
        rows_per_s: rows / elapsed.as_secs_f64(),
        peak_mb: program.peak_bytes()? as f64 / 1e6,
    })
}

/// How many records a message has, without a look into them.
fn records(message: &Bytes) -> Result<u64> {
    const RECORDS: u32 = 6;
    let mut rest = message.clone();
    if !rest.has_remaining() || decode_key(&mut rest)?.0 != RECORDS {
        return Ok(0);
    }
    decode_varint(&mut rest)?;
    let mut records = 0;
    while rest.has_remaining() {
        let (_, wire_type) = decode_key(&mut rest)?;
        ensure!(wire_type == WireType::LengthDelimited, "a record is a message");
        let length = usize::try_from(decode_varint(&mut rest)?)?;
        ensure!(length <= rest.remaining(), "a record is cut off");
        rest.advance(length);
        records += 1;
    }
    Ok(records)
}

fn figures(rounds: &[BTreeMap<Line, Sync>]) -> Vec<Figures> {
    let of = |line: &Line, figure: fn(&Sync) -> f64| {
        median(rounds.iter().filter_map(|round| round.get(line)).map(figure).collect())
    };
    let ratio = |line: &Line, to: Line, figure: fn(&Sync) -> f64| {
        let ratio =
            |round: &BTreeMap<Line, Sync>| Some(figure(round.get(line)?) / figure(round.get(&to)?));
        let ratios: Vec<_> = rounds.iter().filter_map(ratio).collect();
        (!ratios.is_empty()).then(|| median(ratios))
    };
    let lines = [false, true].into_iter().flat_map(|row_data| {
        TURNS.map(|(shape, contender)| {
            let line = (shape, row_data, contender);
            // The example has but one shape.
            let example = (Shape::Text, row_data, Contender::Example);
            let floor = (shape, row_data, Contender::Floor);
            let is_ours = contender == Contender::Ours;
            Figures {
                shape,
                row_data,
                contender,
                cpu_us_per_row: of(&line, |sync| sync.cpu_us_per_row),
                rows_per_s: of(&line, |sync| sync.rows_per_s),
                peak_mb: of(&line, |sync| sync.peak_mb),
                cpu_over_floor: ratio(&line, floor, |sync| sync.cpu_us_per_row).unwrap_or(f64::NAN),
                cpu_over_example: ratio(&line, example, |sync| sync.cpu_us_per_row)
                    .filter(|_| is_ours),
                memory_over_example: ratio(&line, example, |sync| sync.peak_mb).filter(|_| is_ours),
            }
        })
    });
    lines.collect()
}

/// The megabytes that our wheel takes, and those that all take which the example needs and we do
/// not.
fn on_disk(options: &Options) -> Result<(f64, f64)> {
    let (ours, example) = (packages(&options.ours)?, packages(&options.example)?);
    let is_ours = |name: &str| name.starts_with("influxdb3_fivetran");
    let sum = |packages: Vec<u64>| packages.iter().sum::<u64>() as f64 / 1e6;
    let wheel = ours.iter().filter(|(name, _)| is_ours(name)).map(|(_, bytes)| *bytes).collect();
    let needed = example.iter().filter(|(name, _)| !ours.contains_key(*name));
    Ok((sum(wheel), sum(needed.map(|(_, bytes)| *bytes).collect())))
}

/// What is installed in an environment, by name, and the bytes that each takes.
fn packages(python: &Path) -> Result<BTreeMap<String, u64>> {
    let says = Command::new(python)
        .args(["-c", "import sysconfig; print(sysconfig.get_path('platlib'))"])
        .output()?;
    let directory = PathBuf::from(String::from_utf8(says.stdout)?.trim());
    let mut packages = BTreeMap::new();
    for entry in std::fs::read_dir(&directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        packages.insert(name, bytes(&path)?);
    }
    Ok(packages)
}

fn bytes(path: &Path) -> Result<u64> {
    if !path.is_dir() {
        return Ok(path.symlink_metadata()?.len());
    }
    std::fs::read_dir(path)?.map(|entry| bytes(&entry?.path())).sum()
}

const COLUMNS: [&str; 9] = [
    "columns",
    "encoding",
    "sent by",
    "us CPU/row",
    "k rows/s",
    "peak MB",
    "CPU/floor",
    "CPU/example",
    "memory/example",
];

impl Report {
    fn print(&self, out: &mut impl Write) -> Result<()> {
        let mut table = Table::new();
        table.load_preset(NOTHING);
        table.set_header(COLUMNS);
        for column in table.column_iter_mut().skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let optional = |ratio: Option<f64>| ratio.map_or(String::new(), |it| format!("{it:.2}"));
        for figures in &self.figures {
            table.add_row([
                match figures.shape {
                    Shape::Text => "5, time as text".to_owned(),
                    Shape::Typed => "7, UTC_DATETIME".to_owned(),
                },
                if figures.row_data { "row_data" } else { "ValueType" }.to_owned(),
                match figures.contender {
                    Contender::Floor => "the SDK alone".to_owned(),
                    Contender::Ours => "ours".to_owned(),
                    Contender::Example => "the example".to_owned(),
                },
                format!("{:.1}", figures.cpu_us_per_row),
                format!("{:.1}", figures.rows_per_s / 1e3),
                format!("{:.0}", figures.peak_mb),
                format!("{:.2}", figures.cpu_over_floor),
                optional(figures.cpu_over_example),
                optional(figures.memory_over_example),
            ]);
        }
        writeln!(out, "{}\n", self.machine)?;
        writeln!(out, "{}\n", table.trim_fmt())?;
        writeln!(
            out,
            "on disk: {:.1} MB, and {:.1} MB for what the example needs",
            self.ours_on_disk_mb, self.example_on_disk_mb
        )?;
        let Self { sdk, rows, rounds, .. } = self;
        Ok(writeln!(
            out,
            "fivetran-connector-sdk {sdk}, {rows} rows a sync, medians of {rounds} rounds in turns"
        )?)
    }
}
