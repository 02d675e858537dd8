//! `system.parquet_files`: the files that snapshots have written, by which a client finds late
//! data.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream;
use tonic::Code;

use super::error::Refusal;
use super::rules::MAX_BATCH_ROWS;
use super::table::Table;
use crate::store::{FileEntry, Store};

pub(super) const NAME: &str = "parquet_files";

#[derive(Debug)]
pub(super) struct ParquetFiles {
    store: Arc<Store>,
    database: String,
    schema: SchemaRef,
}

impl ParquetFiles {
    pub(super) fn new(store: &Arc<Store>, database: &str) -> Self {
        Self { store: Arc::clone(store), database: database.to_owned(), schema: schema() }
    }

    /// Lists every file under the name of every table, as the real server does for a query that
    /// does not name a table.
    fn mixed(&self) -> Vec<(String, FileEntry)> {
        let tables = self.store.tables(&self.database);
        let files = tables.iter().filter_map(|table| self.store.files(&self.database, table));
        let files: Vec<FileEntry> = files.flatten().collect();
        let labelled = tables
            .into_iter()
            .flat_map(|table| files.iter().map(move |file| (table.clone(), file.clone())));
        labelled.collect()
    }
}

pub(super) fn schema() -> SchemaRef {
    let field = |name: &str, data_type: DataType| Field::new(name, data_type, false);
    Arc::new(Schema::new(vec![
        field("table_name", DataType::Utf8),
        field("path", DataType::Utf8),
        field("size_bytes", DataType::UInt64),
        field("row_count", DataType::UInt64),
        field("min_time", DataType::Int64),
        field("max_time", DataType::Int64),
    ]))
}

impl Table for ParquetFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn supports(&self, filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
        vec![TableProviderFilterPushDown::Inexact; filters.len()]
    }

    fn scan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = match filters.iter().find_map(table_asked_for) {
            None => self.mixed(),
            Some(table) => match self.store.files(&self.database, table) {
                Some(files) => files.into_iter().map(|file| (table.to_owned(), file)).collect(),
                None => return Panic::plan(self.schema(), projection),
            },
        };
        let batches = files.chunks(MAX_BATCH_ROWS).map(|files| batch(&self.schema, files));
        let batches: Vec<_> = batches.collect::<Result<_>>()?;
        Ok(MemorySourceConfig::try_new_exec(&[batches], self.schema(), projection.cloned())?)
    }
}

/// The table of `table_name = 't'`, the one filter that the server understands.
fn table_asked_for(filter: &Expr) -> Option<&str> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = filter else {
        return None;
    };
    match (left.as_ref(), right.as_ref()) {
        (Expr::Column(column), Expr::Literal(value, _))
        | (Expr::Literal(value, _), Expr::Column(column))
            if column.name == "table_name" =>
        {
            value.try_as_str().flatten()
        }
        _ => None,
    }
}

fn batch(schema: &SchemaRef, files: &[(String, FileEntry)]) -> Result<RecordBatch> {
    let text = |of: fn(&(String, FileEntry)) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(files.iter().map(of)))
    };
    let count = |of: fn(&FileEntry) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(files.iter().map(|(_, file)| of(file))))
    };
    let time = |of: fn(&FileEntry) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(files.iter().map(|(_, file)| of(file))))
    };
    let columns = vec![
        text(|(table, _)| table),
        text(|(_, file)| &file.path),
        count(|file| file.size_bytes),
        count(|file| file.row_count),
        time(|file| file.min_time),
        time(|file| file.max_time),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Fails after the schema with the text of a panic, as the real server does for the files of an
/// unknown table.
#[derive(Debug)]
struct Panic {
    schema: SchemaRef,
}

impl Panic {
    fn plan(schema: SchemaRef, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let panic = Arc::new(Self { schema: Arc::clone(&schema) });
        let plan = StreamingTableExec::try_new(schema, vec![panic], projection, None, false, None)?;
        Ok(Arc::new(plan))
    }
}

impl PartitionStream for Panic {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let message = "Join Error (panic): task 17 panicked with message \"table exists\"";
        let panic = stream::iter([Err(Refusal::new(Code::Internal, message).into())]);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), panic))
    }
}
