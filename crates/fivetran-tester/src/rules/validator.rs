//! Validates the messages of a sync against the rules, in their order.

use std::collections::BTreeMap;
use std::time::SystemTime;

use fivetran_wire::update_response::Operation;
use fivetran_wire::{DataType, Record, RecordType, SchemaChange, SchemaResponse, Selection, limit};
use serde::de::IgnoredAny;

use super::row::TableRules;
use super::schema::{NameCollisions, check_names, check_tables};
use super::{Breach, Breaches, Place, Rule};
use crate::TableName;
use crate::declared::{self, DeclaredTable, Grouping};
use crate::message::{Batch, Message, RecordHead};
use crate::selection::SelectedTable;

/// Validates one sync. It keeps no rows.
#[derive(Debug)]
pub(crate) struct Validator {
    grouping: Option<Grouping>,
    selection: Option<Selection>,
    tables: BTreeMap<TableName, TableState>,
    collisions: NameCollisions,
    breaches: Breaches,
    task: bool,
    /// When the last checkpoint came. Before the first: when the sync started.
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

impl Validator {
    /// Starts with the answer of `Schema`. Also returns the tables and columns that it declares and
    /// the selection includes.
    pub(crate) fn new(
        schema: &SchemaResponse,
        selection: Option<Selection>,
        started: SystemTime,
    ) -> (Self, Vec<DeclaredTable>) {
        let (grouping, tables) = declared::of_schema(schema);
        let mut validator = Self {
            grouping,
            selection,
            tables: BTreeMap::new(),
            collisions: NameCollisions::default(),
            breaches: Breaches::default(),
            task: false,
            checkpoint_at: started,
            records_since_checkpoint: 0,
        };
        if schema.response.is_none() {
            validator.note(Rule::SchemaWithoutAnswer, Place::Connector, String::new);
        }
        let selected = validator.declare(&tables);
        (validator, selected)
    }

    pub(crate) fn note(&mut self, rule: Rule, place: Place, first: impl FnOnce() -> String) {
        self.breaches.note(rule, place, first);
    }

    /// Validates a message as a whole. Returns `false` if it comes after a task: Fivetran ignores
    /// it.
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

    /// Validates a schema change. Returns the tables and columns that the selection includes.
    pub(crate) fn schema_change(&mut self, change: &SchemaChange) -> Vec<DeclaredTable> {
        let (grouping, tables) = declared::of_change(change);
        if grouping.is_none() || (self.grouping.is_some() && grouping != self.grouping) {
            self.note(Rule::SchemaChangeShape, Place::Connector, String::new);
        }
        self.declare(&tables)
    }

    fn declare(&mut self, tables: &[DeclaredTable]) -> Vec<DeclaredTable> {
        check_tables(tables, &mut self.breaches);
        let mut selected_tables = Vec::new();
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
            selected_tables.extend(selected.select(table));
        }
        // Check names after the selection: excluding one of two is how a customer resolves a
        // collision.
        check_names(&selected_tables, &mut self.collisions, &mut self.breaches);
        selected_tables
    }

    /// Reads the values of `row_data` by the columns' types, as they are declared now.
    pub(crate) fn read_row_data(&self, batch: &mut Batch) {
        batch.read_row_data(|batch, record| {
            let column_set = batch.column_set(record);
            match self.tables.get(&TableName::of(batch, record)) {
                Some(table) => table.rules.types(column_set),
                None => vec![DataType::Unspecified; column_set.names.len()],
            }
        });
    }

    /// Validates records that have both `data` and `row_data`, which are not loaded.
    pub(crate) fn records_in_two_forms(&mut self, records: &[Record]) {
        let is_in_two = |record: &&Record| !record.data.is_empty() && !record.row_data.is_empty();
        for record in records.iter().filter(is_in_two) {
            let table = TableName::from_parts(record.schema_name.as_deref(), &record.table_name);
            self.note(Rule::DataAndRowData, Place::Table(table), String::new);
        }
    }

    /// Validates consecutive records of one table and one type.
    pub(crate) fn records(
        &mut self,
        table: &TableName,
        kind: RecordType,
        batch: &Batch,
        records: &[RecordHead],
    ) {
        self.records_since_checkpoint += records.len() as u64;
        if !self.tables.contains_key(table) {
            self.add_undeclared(table);
        }
        let Some(state) = self.tables.get_mut(table) else { return };
        let (collisions, breaches) = (&mut self.collisions, &mut self.breaches);
        let count = records.len() as u64;
        let place = || Place::Table(table.clone());

        let names_schema = table.schema().is_some();
        if self.grouping.is_some_and(|grouping| names_schema != (grouping == Grouping::WithSchema))
        {
            breaches.note_many(Rule::SchemaName, place(), count, String::new);
        }
        if !state.declared && self.grouping.is_some() {
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
        for alike in records.chunk_by(|a, b| a.column_set == b.column_set) {
            let Some(first) = alike.first() else { continue };
            let matches = state.rules.match_columns(batch.column_set(first));
            for record in alike {
                state.rules.check(kind, batch.row(record), &matches, collisions, breaches);
            }
        }
    }

    /// Adds a table that was not declared.
    fn add_undeclared(&mut self, table: &TableName) {
        let selected = SelectedTable::of(self.selection.as_ref(), table);
        if selected.is_included() {
            self.collisions.table(table, &mut self.breaches);
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

    /// Validates a checkpoint. Returns `false` if its state is not valid: it then covers no
    /// records.
    pub(crate) fn checkpoint(&mut self, state: &str, now: SystemTime) -> bool {
        self.check_pause(now);
        // Even an invalid checkpoint ends the pause.
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
        // If the clock was set back, the pause counts as zero.
        let pause = now.duration_since(self.checkpoint_at).unwrap_or_default();
        if pause > limit::BETWEEN_CHECKPOINTS {
            let minutes = pause.as_secs() / 60;
            self.note(Rule::CheckpointOverdue, Place::Connector, || format!("{minutes} minutes"));
        }
    }

    /// How many records no checkpoint covers yet.
    pub(crate) fn records_since_checkpoint(&self) -> u64 {
        self.records_since_checkpoint
    }

    /// Ends the validation. If the connector completed the sync, no records may come after the last
    /// checkpoint.
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
