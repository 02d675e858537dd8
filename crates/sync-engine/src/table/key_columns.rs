//! The key columns that are added to record batches, as Arrow columns.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use crate::table::series_ids::{self, SeriesIds};
use crate::table::{SERIES_ID, TIME_NS};
use crate::time_series::TIME;

/// Adds the key columns to record batches.
#[derive(Debug)]
pub(crate) enum KeyColumns {
    /// `_series_id` and `_time_ns`.
    Series { tags: Vec<String>, ids: Arc<Mutex<SeriesIds>> },
    /// `_time_ns`.
    Time,
    /// None.
    None,
}

impl KeyColumns {
    /// The schema of the batches that [`add`](Self::add) makes of batches with `schema`.
    pub(crate) fn schema(&self, schema: &Schema) -> Result<SchemaRef, ArrowError> {
        let mut fields = schema.fields().to_vec();
        match self {
            Self::Series { .. } => {
                fields.push(Arc::new(Field::new(SERIES_ID, series_ids::data_type(), false)));
                fields.push(time_ns(schema)?);
            }
            Self::Time => fields.push(time_ns(schema)?),
            Self::None => {}
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// The batch with its key columns; `schema` is what [`schema`](Self::schema) gave for it.
    pub(crate) fn add(
        &mut self,
        batch: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, ArrowError> {
        let mut columns = batch.columns().to_vec();
        // The same array serves as time and as key: only its declared type differs in the
        // warehouse.
        let time = || column(batch, TIME);
        match self {
            Self::Series { tags, ids } => {
                let tags: Vec<_> =
                    tags.iter().map(|tag| column(batch, tag)).collect::<Result<_, _>>()?;
                // A batch is hashed without a pause. What a panic would leave behind counts for no
                // batch but its own.
                let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
                columns.push(ids.of(&tags, batch.num_rows())?);
                columns.push(time()?);
            }
            Self::Time => columns.push(time()?),
            Self::None => {}
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

fn time_ns(schema: &Schema) -> Result<Arc<Field>, ArrowError> {
    Ok(Arc::new(schema.field_with_name(TIME)?.clone().with_name(TIME_NS)))
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    batch
        .column_by_name(name)
        .cloned()
        .ok_or_else(|| ArrowError::SchemaError(format!("the answer has no column {name:?}")))
}
