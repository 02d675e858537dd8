//! A Python extension module whose source does what its configuration says: for the tests of
//! `cargo xtask python`, and to show what a module needs.
//!
//! The field `script` holds steps, divided by semicolons: `rows 3`, `null`, `far`, `checkpoint
//! TEXT`, `takes-back TEXT`, `truncate`, `warn TEXT`, `log TEXT`, `wait`, `undeclared`, `panic`,
//! `setup`, `transient`, `bug`. The field `schema` may hold one of the last four, `wait` or
//! `empty`.
#![allow(clippy::panic, reason = "to panic is what one step of a script is for")]

use std::sync::LazyLock;
use std::time::Duration;

use connector_sdk_adapter::{Adapter, ConnectorError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use sync_config::{Answers, Config, Field, Invalid, Kind, Requirement, value};
use sync_core::{
    Catalog, CheckpointKind, Column, DataType, Fault, Projection, RowError, Rows, SetupTest, Sink,
    SinkError, Source, SyncError, SyncRequest, Table, Timestamp, Value,
};

const fn field(name: &'static str, requirement: Requirement) -> Field {
    Field { name, label: name, description: "", requirement, kind: Kind::Text, placeholder: None }
}

static SCRIPT: Field = field("script", Requirement::Required);
static SCHEMA: Field = field("schema", Requirement::Optional);

struct Scripts {
    script: String,
    schema: Option<String>,
}

impl Config for Scripts {
    const FIELDS: &'static [&'static Field] = &[&SCRIPT, &SCHEMA];

    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid> {
        let script = answers.required(&SCRIPT, value::text);
        let schema = answers.optional(&SCHEMA, value::text);
        Ok(Self { script: script?, schema: schema? })
    }
}

/// A table with a column of each type.
fn table() -> Table {
    let decimal = DataType::Decimal { precision: 20, scale: 2 };
    let columns = [
        ("flag", DataType::Boolean),
        ("small", DataType::Short),
        ("medium", DataType::Int),
        ("large", DataType::Long),
        ("exact", decimal),
        ("single", DataType::Float),
        ("double", DataType::Double),
        ("day", DataType::NaiveDate),
        ("wall", DataType::NaiveDateTime),
        ("at", DataType::UtcDateTime),
        ("raw", DataType::Binary),
        ("text", DataType::String),
        ("document", DataType::Json),
    ];
    let key = Column::key("id", DataType::Long);
    let columns = columns.map(|(name, data_type)| Column::new(name, data_type));
    Table::new("everything", [vec![key], columns.to_vec()].concat())
}

/// What a row holds beside its key.
#[derive(Clone, Copy)]
enum Cells {
    Values,
    Nulls,
    /// A time that Python's years do not reach.
    FarTime,
}

/// Rows with rising keys.
struct Numbered {
    next: i64,
    end: i64,
    cells: Cells,
    row: Vec<Value<'static>>,
}

impl Rows for Numbered {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        if self.next == self.end {
            return Ok(None);
        }
        let at = Timestamp::from_nanoseconds(1_700_000_000_123_456_789);
        self.row = vec![
            Value::Long(self.next),
            Value::Bool(true),
            Value::Short(i16::MIN),
            Value::Int(i32::MAX),
            Value::Long(i64::MIN),
            Value::Decimal("-123456789012345678.90"),
            Value::Float(1.5),
            Value::Double(0.1),
            Value::NaiveDate(-1),
            Value::NaiveDateTime(at),
            Value::UtcDateTime(at),
            Value::Binary(b"\x00\xff"),
            Value::String("\u{e4}\u{1f600}\"\u{0}"),
            Value::Json(r#"{"a":[1,2.5,null],"\u00e4":"b"}"#),
        ];
        match self.cells {
            Cells::Values => {}
            Cells::Nulls => self.row[1..].fill(Value::Null),
            Cells::FarTime => {
                self.row[10] = Value::UtcDateTime(Timestamp::from_units::<1>(1 << 40))
            }
        }
        self.next += 1;
        Ok(Some(&self.row))
    }
}

struct Scripted;

/// Fails as a step says, if it does.
async fn fail(step: &str) -> Result<(), SyncError> {
    match step {
        "panic" => panic!("as the script says"),
        "setup" => Err(SyncError::setup("The script is wrong", "Write another")),
        "transient" => Err(SyncError::transient("The script is away")),
        "bug" => Err(SyncError::bug("The script has a bug")),
        "wait" => {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

fn sink_error(error: SinkError) -> SyncError {
    SyncError::new(Fault::Bug, error.to_string())
}

impl Source for Scripted {
    type Config = Scripts;

    fn setup_tests(&self) -> &'static [SetupTest] {
        &[SetupTest { name: "schema", label: "Do what the schema does" }]
    }

    async fn test(&self, _: &str, config: &Scripts) -> Result<(), SyncError> {
        fail(config.schema.as_deref().unwrap_or_default()).await
    }

    async fn schema(&self, config: &Scripts) -> Result<Catalog, SyncError> {
        let step = config.schema.as_deref().unwrap_or_default();
        fail(step).await?;
        let tables = if step == "empty" { Vec::new() } else { vec![table()] };
        Ok(Catalog::Tables(tables))
    }

    async fn sync<S: Sink>(
        &self,
        config: &Scripts,
        request: SyncRequest,
        sink: &S,
    ) -> Result<(), SyncError> {
        let table = table();
        tracing::info!(state = request.state, "begins");
        let mut next = 0;
        for step in config.script.split(';').map(str::trim) {
            let (verb, text) = step.split_once(' ').unwrap_or((step, ""));
            let (count, cells) = match verb {
                "rows" => (text.parse().unwrap_or(1), Cells::Values),
                "null" => (1, Cells::Nulls),
                "far" => (1, Cells::FarTime),
                _ => (0, Cells::Values),
            };
            if count > 0 {
                // As a source does that heeds what is known, and goes on without the table.
                if request.selection.project(&table) != Projection::Selected(table.clone()) {
                    continue;
                }
                let mut rows = Numbered { next, end: next + count, cells, row: Vec::new() };
                next += count;
                sink.upsert(&table, &mut rows).await.map_err(sink_error)?;
            }
            let state = || text.to_owned();
            let said = match verb {
                "checkpoint" => sink.checkpoint(state(), CheckpointKind::Advances).await,
                "takes-back" => sink.checkpoint(state(), CheckpointKind::TakesBack).await,
                "truncate" => sink.truncate(&table).await,
                "warn" => sink.warn(text.to_owned()).await,
                "undeclared" => {
                    let other = Table { name: "undeclared".to_owned(), ..table.clone() };
                    let mut rows =
                        Numbered { next: 0, end: 1, cells: Cells::Values, row: Vec::new() };
                    sink.upsert(&other, &mut rows).await.map(drop)
                }
                _ => Ok(()),
            };
            said.map_err(sink_error)?;
            if verb == "log" {
                tracing::warn!("{text}");
            }
            fail(verb).await?;
        }
        Ok(())
    }
}

static ADAPTER: LazyLock<Adapter<Scripted>> =
    LazyLock::new(|| Adapter::new(Scripted, &["scripted"]));

#[pyfunction]
fn schema<'py>(py: Python<'py>, configuration: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    ADAPTER.schema(py, &configuration)
}

#[pyfunction]
fn update(
    py: Python<'_>,
    configuration: Bound<'_, PyAny>,
    state: Bound<'_, PyAny>,
) -> PyResult<()> {
    ADAPTER.update(py, &configuration, &state)
}

#[pyfunction]
fn test(py: Python<'_>, name: &str, configuration: Bound<'_, PyAny>) -> PyResult<Option<String>> {
    ADAPTER.test(py, name, &configuration)
}

#[pymodule]
fn scripted(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("ConnectorError", module.py().get_type::<ConnectorError>())?;
    module.add_function(wrap_pyfunction!(schema, module)?)?;
    module.add_function(wrap_pyfunction!(update, module)?)?;
    module.add_function(wrap_pyfunction!(test, module)?)
}
