//! Rules of a sync, as its messages come.

use std::collections::BTreeMap;
use std::time::SystemTime;

use fivetran_wire::update_response::Operation;
use fivetran_wire::{RecordType, SchemaChange, SchemaResponse, Selection, limit};
use serde::de::IgnoredAny;

use super::row::TableRules;
use super::schema::{Names, check_names, check_tables};
use super::{Breach, Breaches, Place, Rule};
use crate::TableName;
use crate::declared::{self, DeclaredTable, Shape};
use crate::message::{Batch, Message, RecordHead};
use crate::selection::SelectedTable;

/// Watches one sync. It judges and keeps no row.
#[derive(Debug)]
pub(crate) struct Judge {
    shape: Option<Shape>,
    selection: Option<Selection>,
    tables: BTreeMap<TableName, TableState>,
    names: Names,
    breaches: Breaches,
    task: bool,
    /// When the last checkpoint came; before the first, when the sync began.
    checkpoint_at: SystemTime,
    records_since_checkpoint: u64,
}

#[derive(Debug)]
struct TableState {
    rules: TableRules,
    declared: bool,
    included: bool,
    upserted: bool,
}

impl Judge {
    /// Starts with the schema's answer. The second value is what it declares and the selection lets in.
    pub(crate) fn new(
        schema: &SchemaResponse,
        selection: Option<Selection>,
        started: SystemTime,
    ) -> (Self, Vec<DeclaredTable>) {
        let (shape, tables) = declared::of_schema(schema);
        let mut judge = Self {
            shape,
            selection,
            tables: BTreeMap::new(),
            names: Names::default(),
            breaches: Breaches::default(),
            task: false,
            checkpoint_at: started,
            records_since_checkpoint: 0,
        };
        if schema.response.is_none() {
            judge.note(Rule::SchemaWithoutAnswer, Place::Connector, String::new);
        }
        let selected = judge.declare(&tables);
        (judge, selected)
    }

    pub(crate) fn note(&mut self, rule: Rule, place: Place, first: impl FnOnce() -> String) {
        self.breaches.note(rule, place, first);
    }

    /// Judges a message as such. False: it comes after a task, and Fivetran would not look at it.
    pub(crate) fn message(&mut self, message: &Message) -> bool {
        if self.task {
            self.note(Rule::MessageAfterTask, Place::Connector, String::new);
            return false;
        }
        match message {
            Message::Records(batch) if batch.records().len() > limit::RECORDS_PER_MESSAGE => {
                let records = batch.records().len();
                self.note(Rule::BatchTooLarge, Place::Connector, || format!("{records} records"));
            }
            Message::Records(_) => {}
            Message::Other(message) => match &message.operation {
                None => self.note(Rule::EmptyMessage, Place::Connector, String::new),
                Some(Operation::Task(_)) => self.task = true,
                Some(_) => {}
            },
        }
        true
    }

    /// Judges tables found in mid-sync; gives back those that the selection lets in.
    pub(crate) fn schema_change(&mut self, change: &SchemaChange) -> Vec<DeclaredTable> {
        let (shape, tables) = declared::of_change(change);
        if shape.is_none() || (self.shape.is_some() && shape != self.shape) {
            self.note(Rule::SchemaChangeShape, Place::Connector, String::new);
        }
        self.declare(&tables)
    }

    fn declare(&mut self, tables: &[DeclaredTable]) -> Vec<DeclaredTable> {
        check_tables(tables, &mut self.breaches);
        let mut let_in = Vec::new();
        for table in tables {
            let selected = SelectedTable::of(self.selection.as_ref(), &table.name);
            let state = self.tables.entry(table.name.clone()).or_insert_with(|| TableState {
                rules: TableRules::declared(table, &selected),
                declared: true,
                included: selected.is_included(),
                upserted: false,
            });
            state.declared = true;
            state.rules.declare(table, &selected);
            let_in.extend(selected.trim(table));
        }
        // To exclude one of two that merge is what a customer can do about them.
        check_names(&let_in, &mut self.names, &mut self.breaches);
        let_in
    }

    /// Judges consecutive records of one table and one type.
    pub(crate) fn records(
        &mut self,
        table: &TableName,
        kind: RecordType,
        batch: &Batch,
        records: &[RecordHead],
    ) {
        self.records_since_checkpoint += records.len() as u64;
        if !self.tables.contains_key(table) {
            self.meet(table);
        }
        let Some(state) = self.tables.get_mut(table) else { return };
        let (names, breaches) = (&mut self.names, &mut self.breaches);
        let count = records.len() as u64;
        let place = || Place::Table(table.clone());

        let names_schema = table.schema().is_some();
        if self.shape.is_some_and(|shape| names_schema != (shape == Shape::WithSchema)) {
            breaches.note_many(Rule::SchemaName, place(), count, String::new);
        }
        if !state.declared && self.shape.is_some() {
            breaches.note_many(Rule::UndeclaredTable, place(), count, String::new);
        }
        if !state.included {
            breaches.note_many(Rule::ExcludedTable, place(), count, String::new);
            return;
        }
        if kind == RecordType::Truncate {
            if state.upserted {
                breaches.note_many(Rule::LateTruncate, place(), count, String::new);
            }
            let with_data = records.iter().filter(|record| !batch.row(record).is_empty()).count();
            breaches.note_many(Rule::TruncateWithData, place(), with_data as u64, String::new);
            return;
        }
        state.upserted |= kind == RecordType::Upsert;
        if kind == RecordType::Update && !state.rules.has_key() {
            breaches.note_many(Rule::UpdateWithoutKey, place(), count, String::new);
        }
        for alike in records.chunk_by(|a, b| a.shape == b.shape) {
            let Some(first) = alike.first() else { continue };
            let meetings = state.rules.meet(batch.shape(first));
            for record in alike {
                state.rules.check(kind, batch.row(record), &meetings, names, breaches);
            }
        }
    }

    /// A table that nobody declared.
    fn meet(&mut self, table: &TableName) {
        let selected = SelectedTable::of(self.selection.as_ref(), table);
        if selected.is_included() {
            self.names.table(table, &mut self.breaches);
        }
        let state = TableState {
            rules: TableRules::unknown(table.clone()),
            declared: false,
            included: selected.is_included(),
            upserted: false,
        };
        self.tables.insert(table.clone(), state);
    }

    pub(crate) fn unknown_record_type(&mut self, table: &TableName, number: i32, count: u64) {
        let place = Place::Table(table.clone());
        self.breaches
            .note_many(Rule::UnknownRecordType, place, count, || format!("number {number}"));
    }

    /// Judges a checkpoint. False: its state cannot be handed back, and so it vouches for nothing.
    pub(crate) fn checkpoint(&mut self, state: &str, now: SystemTime) -> bool {
        self.check_pause(now);
        // It came in time all the same: the rule that it breaks is another one.
        self.checkpoint_at = now;
        match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(state) {
            Ok(_) => {
                self.records_since_checkpoint = 0;
                true
            }
            Err(error) => {
                self.note(Rule::StateNotAnObject, Place::Connector, || error.to_string());
                false
            }
        }
    }

    fn check_pause(&mut self, now: SystemTime) {
        // A clock that went backwards says nothing about the pause.
        let pause = now.duration_since(self.checkpoint_at).unwrap_or_default();
        if pause > limit::BETWEEN_CHECKPOINTS {
            let minutes = pause.as_secs() / 60;
            self.note(Rule::CheckpointOverdue, Place::Connector, || format!("{minutes} minutes"));
        }
    }

    /// Records that no checkpoint vouches for yet.
    pub(crate) fn records_since_checkpoint(&self) -> u64 {
        self.records_since_checkpoint
    }

    /// Ends the watch. `completed`: the connector itself called the sync done, so that nothing may be left over.
    pub(crate) fn end(mut self, completed: bool, now: SystemTime) -> Vec<Breach> {
        self.check_pause(now);
        if completed {
            let left = self.records_since_checkpoint;
            let place = Place::Connector;
            self.breaches.note_many(Rule::RowsAfterLastCheckpoint, place, left, String::new);
        }
        self.breaches.into_vec()
    }
}
