//! A source that follows a script.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sync_config::{Answers, Choice, Choose, Config, Field, Invalid, Kind, Requirement, value};
use sync_core::{
    Catalog, CheckpointKind, Column, DataType, Fault, RowError, Rows, SetupTest, Sink, SinkError,
    Source, SyncError, SyncRequest, Table, Timestamp, Value,
};
use tokio::sync::Notify;

/// One thing that the source does in a sync.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Truncate(Table),
    /// Sends one row of nulls of any table.
    Row(Table),
    /// Sends so many rows of [`table`].
    Rows(u64),
    /// Sends rows for ever, 1,000 at a time.
    RowsWithoutEnd,
    /// Sends one row whose text has so many bytes.
    BigRow(usize),
    SchemaChange(Vec<Table>),
    Checkpoint(&'static str),
    Warn(&'static str),
    Fail(Fault),
    Panic,
    /// Hangs until it is aborted.
    Hang,
}

/// What a test sees of the source.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    pub(crate) requests: Mutex<Vec<SyncRequest>>,
    /// Rows that the encoder has asked for.
    pub(crate) lent: AtomicU64,
    /// Notified when a future that syncs or hangs is dropped.
    pub(crate) gone: Notify,
    /// Notified when a sync has to wait for the client.
    pub(crate) waits: Notify,
    /// Notified when a setup test or the schema hangs.
    pub(crate) hangs: Notify,
}

pub(crate) struct Scripted {
    pub(crate) steps: Vec<Step>,
    pub(crate) catalog: Catalog,
    pub(crate) probe: Arc<Probe>,
}

impl Scripted {
    pub(crate) fn new(steps: impl Into<Vec<Step>>) -> Self {
        Self { steps: steps.into(), catalog: Catalog::Tables(vec![table()]), probe: Arc::default() }
    }
}

/// The table of all rows, unless a step says otherwise.
pub(crate) fn table() -> Table {
    let columns = vec![
        Column::key("id", DataType::Long),
        Column::new("time", DataType::UtcDateTime),
        Column::new("text", DataType::String),
    ];
    Table::new("points", columns)
}

static TOKEN: Field = Field {
    name: "token",
    label: "API token",
    description: "A token that can read.",
    requirement: Requirement::Required,
    kind: Kind::Secret,
    placeholder: None,
};
static LOOKBACK: Field = Field {
    name: "lookback",
    label: "Lookback",
    description: "How far to look back.",
    requirement: Requirement::Default("1h"),
    kind: Kind::Text,
    placeholder: Some("1h"),
};
static PLAINTEXT: Field = Field {
    name: "plaintext",
    label: "Allow plain text",
    description: "Whether to do without TLS.",
    requirement: Requirement::Optional,
    kind: Kind::Toggle,
    placeholder: None,
};
static ORDER: Field = Field {
    name: "order",
    label: "Order",
    description: "What comes first.",
    requirement: Requirement::Default("up"),
    kind: Kind::choice::<Order>(),
    placeholder: None,
};
static SIZE: Field = Field {
    name: "size",
    label: "Size",
    description: "How much.",
    requirement: Requirement::Optional,
    kind: Kind::choice::<Size>(),
    placeholder: None,
};
static CERTIFICATE: Field = Field {
    name: "certificate",
    label: "CA certificate",
    description: "Whom to trust.",
    requirement: Requirement::Optional,
    kind: Kind::Upload { extensions: &[".pem", ".crt"], max_bytes: 65_536 },
    placeholder: None,
};

#[derive(Clone, Copy)]
enum Order {
    Up,
    Down,
}

impl Choose for Order {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (Self::Up, Choice { value: "up", label: "Upwards", description: "Small things first." }),
        (Self::Down, Choice { value: "down", label: "Downwards", description: "Large ones." }),
    ];
}

#[derive(Clone, Copy)]
struct Size;

impl Choose for Size {
    const OPTIONS: &'static [(Self, Choice)] =
        &[(Self, Choice { value: "s", label: "s", description: "" })];
}

/// The configuration, which the script does not use.
pub(crate) struct Settings;

impl Config for Settings {
    const FIELDS: &'static [&'static Field] =
        &[&TOKEN, &LOOKBACK, &PLAINTEXT, &ORDER, &SIZE, &CERTIFICATE];

    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid> {
        let token = answers.required(&TOKEN, value::secret);
        let lookback = answers.required(&LOOKBACK, value::duration);
        token?;
        lookback?;
        Ok(Self)
    }
}

impl Source for Scripted {
    type Config = Settings;

    fn setup_tests(&self) -> &'static [SetupTest] {
        &[
            SetupTest { name: "passes", label: "Passes" },
            SetupTest { name: "fails", label: "Fails" },
            SetupTest { name: "panics", label: "Panics" },
        ]
    }

    async fn test(&self, name: &str, _config: &Settings) -> Result<(), SyncError> {
        self.hang_if_told().await;
        match name {
            "passes" => Ok(()),
            "fails" => Err(failure(Fault::Setup)),
            "panics" => panic!("as the script says"),
            other => unreachable!("{other} is not in the list"),
        }
    }

    async fn schema(&self, _config: &Settings) -> Result<Catalog, SyncError> {
        self.hang_if_told().await;
        match self.steps.first() {
            Some(Step::Fail(fault)) => Err(failure(*fault)),
            Some(Step::Panic) => panic!("as the script says"),
            _ => Ok(self.catalog.clone()),
        }
    }

    async fn sync<S: Sink>(
        &self,
        _config: &Settings,
        request: SyncRequest,
        sink: &S,
    ) -> Result<(), SyncError> {
        let _gone = OnDrop(&self.probe);
        self.probe.requests.lock().unwrap().push(request);
        for step in &self.steps {
            self.follow(step, sink).await?;
        }
        Ok(())
    }
}

impl Scripted {
    /// Hangs, outside of syncs, if that is what the script begins with.
    async fn hang_if_told(&self) {
        if let Some(Step::Hang) = self.steps.first() {
            let _gone = OnDrop(&self.probe);
            self.probe.hangs.notify_one();
            std::future::pending().await
        }
    }

    async fn follow<S: Sink>(&self, step: &Step, sink: &S) -> Result<(), SyncError> {
        let said = match step {
            Step::Truncate(table) => sink.truncate(table).await,
            Step::Row(table) => sink.upsert(table, &mut Nulls::once(table)).await.map(|_taken| ()),
            Step::Rows(rows) => self.send(*rows, "", sink).await,
            Step::BigRow(bytes) => self.send(1, &"x".repeat(*bytes), sink).await,
            Step::RowsWithoutEnd => loop {
                let mut batch = std::pin::pin!(self.send(1_000, "some text", sink));
                if futures::poll!(batch.as_mut()).is_pending() {
                    self.probe.waits.notify_one();
                    batch.await.map_err(closed)?;
                }
            },
            Step::SchemaChange(tables) => sink.schema_change(tables).await,
            Step::Checkpoint(state) => {
                sink.checkpoint((*state).to_owned(), CheckpointKind::Advances).await
            }
            Step::Warn(text) => sink.warn((*text).to_owned()).await,
            Step::Fail(fault) => return Err(failure(*fault)),
            Step::Panic => panic!("as the script says"),
            Step::Hang => std::future::pending().await,
        };
        said.map_err(closed)
    }

    async fn send<S: Sink>(&self, rows: u64, text: &str, sink: &S) -> Result<(), SinkError> {
        let mut counted =
            Counted { left: rows, text, lent: &self.probe.lent, row: [Value::Null; 3] };
        let taken = sink.upsert(&table(), &mut counted).await?;
        assert_eq!(taken, rows);
        Ok(())
    }
}

fn closed(error: SinkError) -> SyncError {
    SyncError::bug("The sink took no more").caused_by(error)
}

fn failure(fault: Fault) -> SyncError {
    match fault {
        Fault::Setup => SyncError::setup("The token was refused", "Paste another"),
        Fault::Transient => SyncError::transient("The server is away"),
        Fault::Bug => SyncError::bug("A wheel came off").caused_by("it was loose"),
    }
}

struct OnDrop<'a>(&'a Probe);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.gone.notify_one();
    }
}

/// One row without values.
struct Nulls {
    left: bool,
    row: Vec<Value<'static>>,
}

impl Nulls {
    fn once(table: &Table) -> Self {
        Self { left: true, row: vec![Value::Null; table.columns.len()] }
    }
}

impl Rows for Nulls {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        Ok(std::mem::take(&mut self.left).then_some(&*self.row))
    }
}

struct Counted<'a> {
    left: u64,
    text: &'a str,
    lent: &'a AtomicU64,
    row: [Value<'a>; 3],
}

impl Rows for Counted<'_> {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let number = self.lent.fetch_add(1, Ordering::Relaxed) as i64;
        let at = Timestamp::from_nanoseconds(1_748_846_218_190_260_123 + number);
        self.row = [Value::Long(number), Value::UtcDateTime(at), Value::String(self.text)];
        Ok(Some(&self.row))
    }
}
