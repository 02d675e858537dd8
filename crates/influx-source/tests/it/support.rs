//! Runs syncs from a fake InfluxDB, with a clock that stands still, into a sink that collects.

use std::collections::BTreeMap;
use std::sync::Mutex;

use influx_fake::{Fake, Options, Running};
use influx_source::{Clock, InfluxConfig, InfluxSource};
use sync_core::{
    Catalog, CheckpointKind, Fault, Rows, Selection, Sink, SinkError, Source, SyncError,
    SyncRequest, Table, Value,
};

/// 2025-06-10T00:00:00Z. The tests write no later points, but for those that are to lie in the
/// future.
pub(crate) const NOW: i64 = 1_749_513_600 * SECOND;
pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
pub(crate) const TOKEN: &str = "apiv3_s3cret";

struct StoppedClock(i64);

impl Clock for StoppedClock {
    fn now(&self) -> i64 {
        self.0
    }
}

/// Options of a server whose release has no known bugs, so that no sync warns of them.
pub(crate) fn options() -> Options {
    Options::default().release("3.11.4".parse().unwrap())
}

/// A fake InfluxDB with one database, and what a source needs to read it.
pub(crate) struct Bench {
    pub(crate) fake: Fake,
    running: Running,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) selection: Selection,
    pub(crate) now: i64,
    /// The state of the last sync that succeeded.
    pub(crate) state: Option<String>,
}

impl Bench {
    pub(crate) async fn new(line_protocol: &str) -> Self {
        Self::with_options(line_protocol, options()).await
    }

    pub(crate) async fn with_options(line_protocol: &str, options: Options) -> Self {
        let fake = Fake::new(options.token(TOKEN));
        fake.create_database("db");
        fake.write("db", line_protocol).unwrap();
        let running = fake.spawn().await.unwrap();
        let settings = [
            ("hostname", running.url()),
            ("token", TOKEN.to_owned()),
            ("database", "db".to_owned()),
            ("measurement", "*".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
        Self { fake, running, settings, selection: Selection::Everything, now: NOW, state: None }
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.change(name, value);
        self
    }

    pub(crate) fn change(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn write(&self, line_protocol: &str) {
        self.fake.write("db", line_protocol).unwrap();
    }

    pub(crate) fn config(&self) -> InfluxConfig {
        sync_config::parse::<InfluxConfig>(&self.settings).unwrap().config
    }

    pub(crate) fn source(&self) -> InfluxSource {
        InfluxSource::with_clock(StoppedClock(self.now))
    }

    /// Runs a sync from the last state. Returns what it said, and how it ended.
    pub(crate) async fn try_sync(&mut self) -> (Said, Result<(), SyncError>) {
        self.try_sync_while(|_| {}).await
    }

    /// Runs a sync as [`try_sync`](Self::try_sync) does, and calls `meanwhile` with each event. The
    /// sync waits for it, so `meanwhile` can change the database in mid-sync.
    pub(crate) async fn try_sync_while(
        &mut self,
        mut meanwhile: impl FnMut(&Event) + Send,
    ) -> (Said, Result<(), SyncError>) {
        let sink = Collector { said: Mutex::default(), meanwhile: Mutex::new(&mut meanwhile) };
        let request = SyncRequest { state: self.state.clone(), selection: self.selection.clone() };
        let result = self.source().sync(&self.config(), request, &sink).await;
        let said = sink.said.into_inner().unwrap();
        if let Some(state) = said.states().last() {
            self.state = Some(state.to_owned());
        }
        (said, result)
    }

    pub(crate) async fn sync(&mut self) -> Said {
        let (said, result) = self.try_sync().await;
        result.unwrap();
        said
    }

    /// Runs a sync that has to fail. Returns what it said, and the error.
    pub(crate) async fn failing_sync(&mut self) -> (Said, SyncError) {
        let (said, result) = self.try_sync().await;
        (said, result.unwrap_err())
    }

    /// Asks for the tables. An error is returned as its fault and its text.
    pub(crate) async fn schema(&self) -> Result<Vec<Table>, (Fault, String)> {
        match self.source().schema(&self.config()).await {
            Ok(Catalog::Tables(tables)) => Ok(tables),
            Ok(Catalog::Schemas(_)) => panic!("one database has no schemas"),
            Err(error) => Err((error.fault(), error.to_string())),
        }
    }

    /// Runs a setup test. Returns `passed`, or the text of the failure.
    pub(crate) async fn test(&self, name: &str) -> String {
        match self.source().test(name, &self.config()).await {
            Ok(()) => "passed".to_owned(),
            Err(error) => error.to_string().replace(&self.running.url(), "URL"),
        }
    }

    /// The queries with a lower bound: those that read windows, and those that count.
    pub(crate) fn windows(&self) -> Vec<String> {
        self.fake.queries().into_iter().filter(|sql| sql.contains(" >= ")).collect()
    }
}

/// What a source said in a sync, in order.
#[derive(Debug, Default)]
pub(crate) struct Said(pub(crate) Vec<Event>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Truncate(String),
    Row(String, BTreeMap<String, Cell>),
    /// The name of a table, and the number of its columns.
    Announced(String, usize),
    Checkpoint(String),
    Warning(String),
}

/// A value as text: see [`shown`].
pub(crate) type Cell = String;

impl Said {
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Cell>)> {
        self.0.iter().filter_map(|event| match event {
            Event::Row(table, row) => Some((table.as_str(), row)),
            _ => None,
        })
    }

    /// The values of one column of a table, sorted.
    pub(crate) fn column(&self, table: &str, column: &str) -> Vec<&str> {
        let rows = self.rows().filter(|(of, _)| *of == table);
        let mut cells: Vec<_> = rows.map(|(_, row)| row[column].as_str()).collect();
        cells.sort_unstable();
        cells
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|event| match event {
            Event::Checkpoint(state) => Some(state.as_str()),
            _ => None,
        })
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        let warnings = self.0.iter().filter_map(|event| match event {
            Event::Warning(text) => Some(text.as_str()),
            _ => None,
        });
        warnings.collect()
    }

    /// The tables that were announced, in order.
    pub(crate) fn announced(&self) -> Vec<&str> {
        let announced = self.0.iter().filter_map(|event| match event {
            Event::Announced(table, _) => Some(table.as_str()),
            _ => None,
        });
        announced.collect()
    }

    pub(crate) fn truncated(&self) -> Vec<&str> {
        let truncated = self.0.iter().filter_map(|event| match event {
            Event::Truncate(table) => Some(table.as_str()),
            _ => None,
        });
        truncated.collect()
    }
}

struct Collector<'a> {
    said: Mutex<Said>,
    meanwhile: Mutex<&'a mut (dyn FnMut(&Event) + Send)>,
}

impl Collector<'_> {
    fn say(&self, event: Event) {
        (self.meanwhile.lock().unwrap())(&event);
        self.said.lock().unwrap().0.push(event);
    }
}

impl Sink for Collector<'_> {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        self.say(Event::Truncate(table.name.clone()));
        Ok(())
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let mut count = 0;
        while let Some(row) = rows.next_row()? {
            assert_eq!(row.len(), table.columns.len());
            let cells = table.columns.iter().zip(row);
            let cells = cells.map(|(column, value)| (column.name.clone(), shown(value)));
            self.say(Event::Row(table.name.clone(), cells.collect()));
            count += 1;
        }
        Ok(count)
    }

    async fn schema_change(&self, tables: &[Table]) -> Result<(), SinkError> {
        for table in tables {
            self.say(Event::Announced(table.name.clone(), table.columns.len()));
        }
        Ok(())
    }

    async fn checkpoint(&self, state: String, _: CheckpointKind) -> Result<(), SinkError> {
        self.say(Event::Checkpoint(state));
        Ok(())
    }

    fn most_state_bytes(&self) -> usize {
        usize::MAX
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.say(Event::Warning(message));
        Ok(())
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::UtcDateTime(at) => format!("{}.{:09}", at.seconds(), at.nanoseconds()),
        Value::String(text) | Value::Decimal(text) | Value::Json(text) => (*text).to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Short(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Double(value) => format!("{value:?}"),
        other => format!("{other:?}"),
    }
}
