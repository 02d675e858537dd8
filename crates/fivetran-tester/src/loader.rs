//! Loads the messages of one sync into the warehouse: validates, writes and counts each in its
//! order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use fivetran_wire::update_response::Operation;
use fivetran_wire::{RecordType, SchemaChange, SchemaResponse};

use crate::clock::Clock;
use crate::declared::DeclaredTable;
use crate::message::{Batch, Message, RecordHead};
use crate::project::write_state;
use crate::report::{Counts, TEXTS_KEPT};
use crate::rules::{Place, Rule, Validator};
use crate::warehouse::{Changed, Scope, Writer};
use crate::{
    End, Error, Event, Project, Report, Stop, SyncOptions, TableName, Trailing, notice, time,
};

/// Whether to go on with the stream.
pub(crate) type Flow = ControlFlow<()>;

pub(crate) struct Loader<O> {
    writer: Writer,
    validator: Validator,
    state_path: PathBuf,
    clock: Clock,
    started: SystemTime,
    stop: Stop,
    trailing: Trailing,
    observer: O,
    messages: u64,
    rows: u64,
    tables: BTreeMap<TableName, Counts>,
    checkpoints: u64,
    warnings: Vec<String>,
    warning_count: u64,
    tasks: Vec<String>,
}

impl<O: FnMut(Event<'_>)> Loader<O> {
    /// Opens the warehouse, and creates the tables that the schema declares and the selection
    /// includes.
    pub(crate) fn new(
        project: &Paths,
        schema: &SchemaResponse,
        options: SyncOptions,
        clock: Clock,
        started: SystemTime,
        observer: O,
    ) -> Result<Self, Error> {
        let (validator, tables) = Validator::new(schema, options.selection, started);
        let mut loader = Self {
            writer: Writer::open(&project.warehouse)?,
            validator,
            state_path: project.state.clone(),
            clock,
            started,
            stop: options.stop,
            trailing: options.trailing,
            observer,
            messages: 0,
            rows: 0,
            tables: BTreeMap::new(),
            checkpoints: 0,
            warnings: Vec::new(),
            warning_count: 0,
            tasks: Vec::new(),
        };
        loader.declare(&tables, Scope::Whole)?;
        loader.writer.commit()?;
        Ok(loader)
    }

    /// Takes one message. Returns `Break` if the sync is to be stopped after it.
    pub(crate) fn take(&mut self, message: Message) -> Result<Flow, Error> {
        if self.has_enough_messages() {
            return Ok(Flow::Break(()));
        }
        self.messages += 1;
        let flow = self.load(message)?;
        Ok(if self.has_enough_messages() { Flow::Break(()) } else { flow })
    }

    fn has_enough_messages(&self) -> bool {
        matches!(self.stop, Stop::AfterMessages(most) if self.messages >= most)
    }

    fn load(&mut self, message: Message) -> Result<Flow, Error> {
        if !self.validator.message(&message) {
            return Ok(Flow::Continue(()));
        }
        let message = match message {
            Message::Records(mut batch) => {
                self.validator.read_row_data(&mut batch);
                return self.records(&Arc::new(batch));
            }
            Message::Other(message) => message,
        };
        match message.operation {
            Some(Operation::Checkpoint(checkpoint)) => self.checkpoint(&checkpoint.state_json),
            Some(Operation::SchemaChange(change)) => self.schema_change(&change),
            Some(Operation::Warning(warning)) => {
                let text = notice::text(warning.message);
                (self.observer)(Event::Warning(&text));
                self.warning_count += 1;
                if self.warnings.len() < TEXTS_KEPT {
                    self.warnings.push(text);
                }
                Ok(Flow::Continue(()))
            }
            Some(Operation::Task(task)) => {
                let text = notice::text(task.message);
                (self.observer)(Event::Task(&text));
                self.tasks.push(text);
                Ok(Flow::Continue(()))
            }
            // All other records are `Message::Records`.
            Some(Operation::Record(record)) => {
                self.validator.records_in_two_forms(&[record]);
                Ok(Flow::Continue(()))
            }
            Some(Operation::Records(batch)) => {
                self.validator.records_in_two_forms(&batch.records);
                Ok(Flow::Continue(()))
            }
            None => Ok(Flow::Continue(())),
        }
    }

    fn schema_change(&mut self, change: &SchemaChange) -> Result<Flow, Error> {
        let tables = self.validator.schema_change(change);
        self.declare(&tables, Scope::Part)?;
        Ok(Flow::Continue(()))
    }

    fn declare(&mut self, tables: &[DeclaredTable], scope: Scope) -> Result<(), Error> {
        for table in tables {
            for changed in self.writer.declare(table, scope)? {
                match changed {
                    Changed::Key { was, is } => {
                        let place = Place::Table(table.name.clone());
                        self.validator.note(Rule::KeyChanged, place, || {
                            format!("was ({}), is ({})", was.join(", "), is.join(", "))
                        });
                    }
                    Changed::Type { column, was, is } => {
                        let place = Place::Column(table.name.clone(), column);
                        let first = || format!("was {was}, is {is}");
                        self.validator.note(Rule::TypeChanged, place, first);
                    }
                }
            }
        }
        Ok(())
    }

    /// Loads records in runs of one table and one type, so that these are looked up once a run and
    /// not once a row.
    fn records(&mut self, batch: &Arc<Batch>) -> Result<Flow, Error> {
        let synced = time::synced((self.clock)());
        let same =
            |a: &RecordHead, b: &RecordHead| a.kind == b.kind && batch.table(a) == batch.table(b);
        for run in batch.records().chunk_by(same) {
            let Some(first) = run.first() else { continue };
            let table = TableName::of(batch, first);
            match RecordType::try_from(first.kind) {
                Ok(kind) => {
                    let run = self.within_stop(kind, run);
                    self.run(&table, kind, batch, run, &synced)?;
                }
                Err(_) => {
                    self.validator.unknown_record_type(&table, first.kind, run.len() as u64);
                }
            }
            if matches!(self.stop, Stop::AfterRows(most) if self.rows >= most) {
                return Ok(Flow::Break(()));
            }
        }
        Ok(Flow::Continue(()))
    }

    /// The part of a run that comes before the sync is to be stopped.
    fn within_stop<'a>(&self, kind: RecordType, run: &'a [RecordHead]) -> &'a [RecordHead] {
        match self.stop {
            Stop::AfterRows(most) if kind != RecordType::Truncate => {
                let left = usize::try_from(most.saturating_sub(self.rows)).unwrap_or(usize::MAX);
                &run[..run.len().min(left)]
            }
            _ => run,
        }
    }

    fn run(
        &mut self,
        table: &TableName,
        kind: RecordType,
        batch: &Arc<Batch>,
        records: &[RecordHead],
        synced: &str,
    ) -> Result<(), Error> {
        self.validator.records(table, kind, batch, records);
        let without_key = self.writer.records(table, kind, batch, records, synced)?;

        let count = records.len() as u64;
        let counts = match self.tables.get_mut(table) {
            Some(counts) => counts,
            None => self.tables.entry(table.clone()).or_default(),
        };
        counts.without_key += without_key;
        match kind {
            RecordType::Upsert => counts.upserts += count,
            RecordType::Update => counts.updates += count,
            RecordType::Delete => counts.deletes += count,
            RecordType::Truncate => counts.truncates += count,
        }
        if kind != RecordType::Truncate {
            self.rows += count;
        }
        (self.observer)(Event::Records { table, kind, count });
        Ok(())
    }

    fn checkpoint(&mut self, state: &str) -> Result<Flow, Error> {
        if !self.validator.checkpoint(state, (self.clock)()) {
            // The next sync starts from an earlier state, so that no checkpoint covers the rows
            // yet.
            return Ok(Flow::Continue(()));
        }
        // Commit first: the state must not claim rows that the warehouse could lose.
        self.writer.commit()?;
        write_state(&self.state_path, state)?;
        self.checkpoints += 1;
        (self.observer)(Event::Checkpoint { number: self.checkpoints, rows: self.rows });
        let enough = matches!(self.stop, Stop::AfterCheckpoints(most) if self.checkpoints >= most);
        Ok(if enough { Flow::Break(()) } else { Flow::Continue(()) })
    }

    /// Commits or rolls back what came after the last checkpoint, and makes the report.
    pub(crate) fn end(mut self, end: End) -> Result<Report, Error> {
        let now = (self.clock)();
        let end = match end {
            End::Completed if !self.tasks.is_empty() => End::Task,
            other => other,
        };
        let after_last_checkpoint = self.validator.records_since_checkpoint();
        match self.trailing {
            Trailing::Keep => self.writer.commit()?,
            Trailing::RollBack => self.writer.roll_back()?,
        }
        Ok(Report {
            tables: self.tables,
            checkpoints: self.checkpoints,
            after_last_checkpoint,
            warnings: self.warnings,
            warning_count: self.warning_count,
            tasks: self.tasks,
            breaches: self.validator.end(end == End::Completed, now),
            end,
            duration: now.duration_since(self.started).unwrap_or_default(),
        })
    }

    pub(crate) fn note(&mut self, rule: Rule, first: impl FnOnce() -> String) {
        self.validator.note(rule, Place::Connector, first);
    }
}

/// The files that a sync writes.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) warehouse: PathBuf,
    pub(crate) state: PathBuf,
}

impl Paths {
    pub(crate) fn of(project: &Project) -> Self {
        Self { warehouse: project.warehouse_path(), state: project.state_path() }
    }
}
