//! A database that may lie.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, SchemaRef};
use arrow::util::display::array_value_to_string;
use sync_engine::{
    About, Answer, Bin, Columns, Count, Failure, File, Profile, Role, TableInfo, TimeSeries, Window,
};

use super::{Lie, Lies};
use crate::answer::ModelAnswer;
use crate::port::{Model, find, only_since, schema};
use crate::world::Files;

/// 1990-01-01T00:00:00Z.
const IN_1990: i64 = 631_152_000_000_000_000;

/// A database that may lie.
pub(crate) struct WrongPort {
    pub(super) model: Model,
    pub(super) lies: Lies,
}

impl TimeSeries for WrongPort {
    const PROFILE: Profile = Model::PROFILE;

    type Answer = WrongAnswer;

    async fn about(&self) -> About {
        let mut about = self.model.about().await;
        let server = &mut about.server;
        let was_told = self.lies.memory().is_identity_told;
        self.lies.memory().is_identity_told |= server.id.is_some();
        if self.lies.is(Lie::IdentityIgnored) {
            server.id = Some("the only one".to_owned());
        }
        if self.lies.is(Lie::MissingIdentityIsAnother) && was_told && server.id.is_none() {
            server.address = "elsewhere:8181".to_owned();
        }
        about
    }

    async fn now(&self) -> Result<i64, Failure> {
        let truth = self.model.now().await?;
        Ok(self.lies.time(truth, self.model.0.lock().latest_clock()))
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        self.model.tables().await
    }

    async fn has_points(&self, measurement: &str, window: Window) -> Result<bool, Failure> {
        let has_points = self.model.has_points(measurement, window).await?;
        Ok(has_points && !(self.lies.is(Lie::NothingBefore1990) && window.from() < IN_1990))
    }

    async fn columns(&self, measurement: &str) -> Result<SchemaRef, Failure> {
        self.model.columns(measurement).await
    }

    async fn files(
        &self,
        measurement: &str,
        since: &BTreeMap<String, u64>,
    ) -> Result<Vec<File>, Failure> {
        let files = self.model.files(measurement, &BTreeMap::new()).await?;
        Ok(only_since(self.shown(measurement, files), since))
    }

    async fn counts(
        &self,
        measurement: &str,
        fields: &[String],
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, Count>, Failure> {
        let counts = self.model.counts(measurement, fields, window, bin).await?;
        Ok(if self.lies.is(Lie::RiseIgnored) { BTreeMap::new() } else { counts })
    }

    async fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> Result<WrongAnswer, Failure> {
        let answer = self.model.read(measurement, columns, window).await;
        let answer = match answer {
            Err(failure)
                if failure.refusal().is_some() && self.lies.is(Lie::RefusedWindowSkipped) =>
            {
                self.nothing(measurement, columns)?
            }
            Ok(_) if self.is_without_files(measurement, window) => {
                self.nothing(measurement, columns)?
            }
            answer => answer?,
        };
        let of = format!("{:?} {measurement}", self.model.0.lock().here);
        Ok(WrongAnswer { answer, of, lies: self.lies.clone() })
    }

    fn role(&self, field: &Field) -> Option<Role> {
        self.model.role(field)
    }
}

impl WrongPort {
    fn nothing(&self, measurement: &str, columns: &Columns) -> Result<ModelAnswer, Failure> {
        let world = self.model.0.lock();
        let schema = schema(&world, find(&world, measurement)?, columns)?;
        Ok(ModelAnswer::new(self.model.0.clone(), Arc::clone(&schema), columns, &[], false, None))
    }

    /// Whether a window is to be taken for empty, since files are shown and none reaches into it.
    fn is_without_files(&self, measurement: &str, window: Window) -> bool {
        let world = self.model.0.lock();
        self.lies.is(Lie::FilesProveEmptiness)
            && world.files == Files::Shown
            && world.measurement(measurement).is_some_and(|one| {
                !one.files.is_empty() && one.files_in(window.from(), window.to()) == 0
            })
    }

    /// The files that are listed.
    fn shown(&self, measurement: &str, files: Vec<File>) -> Vec<File> {
        let [half, rebuilt] = [Lie::HalfListedForgotten, Lie::RebuildUnnoticed];
        if !self.lies.is(half) && !self.lies.is(rebuilt) {
            return files;
        }
        let here = self.model.0.lock().here;
        let mut memory = self.lies.memory();
        let mut highest: BTreeMap<String, u64> = BTreeMap::new();
        for file in &files {
            let highest = highest.entry(file.node.clone()).or_default();
            *highest = file.sequence.max(*highest);
        }
        let mut shown = Vec::new();
        for file in files {
            let key = (here, measurement.to_owned(), file.node.clone());
            let known = memory.listed.entry(key).or_default();
            let name = (file.sequence, file.first, file.last);
            let now = highest[&file.node];
            if now < known.highest {
                // It was rebuilt.
                if self.lies.is(rebuilt) {
                    continue;
                }
                *known = Default::default();
            }
            let has_come_late = file.sequence <= known.highest && !known.shown.contains(&name);
            if has_come_late && self.lies.is(half) {
                continue;
            }
            known.shown.insert(name);
            shown.push(file);
        }
        for (node, now) in highest {
            let key = (here, measurement.to_owned(), node);
            let known = memory.listed.entry(key).or_default();
            known.highest = known.highest.max(now);
        }
        shown
    }
}

/// An answer that may lie.
pub(crate) struct WrongAnswer {
    answer: ModelAnswer,
    /// What it is an answer of.
    of: String,
    lies: Lies,
}

impl WrongAnswer {
    /// The points of a batch that were in no answer before.
    fn unsent(&self, batch: &RecordBatch) -> RecordBatch {
        let schema = batch.schema();
        let is_key = |field: &Field| !field.metadata().values().any(|kind| kind == "field");
        let key: Vec<_> =
            (0..batch.num_columns()).filter(|column| is_key(schema.field(*column))).collect();
        let mut memory = self.lies.memory();
        let is_first = (0..batch.num_rows()).map(|row| {
            let value = |column: &usize| array_value_to_string(batch.column(*column), row).unwrap();
            let key: Vec<_> = key.iter().map(value).collect();
            Some(memory.sent.insert(format!("{} {}", self.of, key.join(" "))))
        });
        filter_record_batch(batch, &is_first.collect::<BooleanArray>()).unwrap()
    }
}

impl Answer for WrongAnswer {
    fn schema(&self) -> &SchemaRef {
        self.answer.schema()
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        match self.answer.next().await {
            Ok(Some(batch)) if batch.num_rows() == 0 && self.lies.is(Lie::EmptyBatchEnds) => {
                Ok(None)
            }
            Ok(Some(batch)) if self.lies.is(Lie::OverwritesIgnored) => {
                Ok(Some(self.unsent(&batch)))
            }
            Err(failure) if failure.is_transient() && self.lies.is(Lie::BrokenStreamEnds) => {
                Ok(None)
            }
            Err(failure)
                if failure.refusal().is_some() && self.lies.is(Lie::RefusedWindowSkipped) =>
            {
                Ok(None)
            }
            next => next,
        }
    }
}
