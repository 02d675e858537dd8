//! Scans a table: only the columns and the range of time of a query.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take_arrays;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::limits::Limits;
use super::rules::MAX_BATCH_ROWS;
use super::scans::{Scan, Scans};
use super::table::Table;
use super::time_range::TimeRange;
use crate::store::{ReadView, Store};

/// Pieces of a series with fewer rows are copied into one batch. Longer ones are passed on as
/// slices.
const COPIED_ROWS: usize = 1024;

#[derive(Debug)]
pub(super) struct StoredTable {
    pub(super) store: Arc<Store>,
    pub(super) database: String,
    pub(super) table: String,
    /// The columns when the query began. It does not see later ones.
    pub(super) schema: SchemaRef,
    pub(super) limits: Limits,
    pub(super) scans: Scans,
}

impl Table for StoredTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn supports(&self, filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
        let support = filters.iter().map(|filter| match TimeRange::concerns(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        });
        support.collect()
    }

    fn scan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut range = TimeRange::of(filters);
        if range.is_empty_window() {
            return Err(DataFusionError::Internal(
                "time range did not produce a valid set of boundaries".to_owned(),
            ));
        }
        if let Some(oldest) = self.store.retained_from(&self.database) {
            range.start_at(oldest);
        }
        let times = range.bounds();
        let files = self.store.files_within(&self.database, &self.table, &times);
        self.limits.check_files(files)?;
        let rows = self.store.view(&self.database, &self.table).ok_or_else(|| {
            DataFusionError::Plan(format!("table 'public.iox.{}' not found", self.table))
        })?;
        let rows = rows.map_err(|error| {
            DataFusionError::Internal(format!("table {} cannot be read: {error}", self.table))
        })?;
        self.limits.check_partitions(&rows, &times)?;
        self.scans.add(Scan { rows: rows.rows_within(&times), files, times: times.clone() });
        let schema = match projection {
            Some(projection) => Arc::new(self.schema.project(projection)?),
            None => Arc::clone(&self.schema),
        };
        let batches = read(&rows, &schema, &times)?;
        Ok(MemorySourceConfig::try_new_exec(&[batches], schema, None)?)
    }
}

/// The rows of a view within a range, in batches that share memory with it where they can.
fn read(view: &ReadView, schema: &SchemaRef, times: &Range<i128>) -> Result<Vec<RecordBatch>> {
    // Find columns by name: the view may be newer than the plan.
    let columns: Vec<usize> = schema
        .fields()
        .iter()
        .map(|field| view.schema.index_of(field.name()))
        .collect::<Result<_, _>>()?;
    let mut batches = Vec::new();
    for segment in &view.segments {
        let batch = segment.batch.project(&columns)?;
        let mut copied: Vec<u32> = Vec::new();
        let mut whole = 0..0;
        for rows in segment.rows_within(times) {
            // Join neighbours, so that a query of everything copies nothing.
            if whole.end == rows.start {
                whole.end = rows.end;
                continue;
            }
            let piece = std::mem::replace(&mut whole, rows);
            emit(&batch, piece, &mut copied, &mut batches)?;
        }
        emit(&batch, whole, &mut copied, &mut batches)?;
        flush(&batch, &mut copied, &mut batches)?;
    }
    Ok(batches)
}

fn emit(
    batch: &RecordBatch,
    rows: Range<usize>,
    copied: &mut Vec<u32>,
    batches: &mut Vec<RecordBatch>,
) -> Result<()> {
    if rows.len() < COPIED_ROWS {
        // A segment has far fewer rows than a u32 can count.
        copied.extend(rows.map(|row| row as u32));
        if copied.len() + COPIED_ROWS > MAX_BATCH_ROWS {
            flush(batch, copied, batches)?;
        }
        return Ok(());
    }
    flush(batch, copied, batches)?;
    for start in rows.clone().step_by(MAX_BATCH_ROWS) {
        batches.push(batch.slice(start, MAX_BATCH_ROWS.min(rows.end - start)));
    }
    Ok(())
}

fn flush(batch: &RecordBatch, copied: &mut Vec<u32>, batches: &mut Vec<RecordBatch>) -> Result<()> {
    if copied.is_empty() {
        return Ok(());
    }
    // A count of rows selects no column, so the batch needs the number of rows.
    let options = RecordBatchOptions::new().with_row_count(Some(copied.len()));
    let columns = take_arrays(batch.columns(), &UInt32Array::from(std::mem::take(copied)), None)?;
    batches.push(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?);
    Ok(())
}
