//! Tables whose scans wait for nothing, as DataFusion's `TableProvider`.

use std::fmt::Debug;
use std::future::ready;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use futures::future::BoxFuture;

/// A table that plans a scan at once.
pub(super) trait Table: Debug + Send + Sync + 'static {
    fn schema(&self) -> SchemaRef;

    /// Which of the filters a scan makes use of.
    fn supports(&self, filters: &[&Expr]) -> Vec<TableProviderFilterPushDown>;

    fn scan(
        &self,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>>;
}

/// Provides such a table to DataFusion.
#[derive(Debug)]
pub(super) struct Provided<T>(pub(super) T);

impl<T: Table> TableProvider for Provided<T> {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(self.0.supports(filters))
    }

    /// What `#[async_trait]` makes of an `async fn scan`, but for the future: it holds the result,
    /// and not the filters. Rustc takes seconds to prove that a future with expressions in it can
    /// be sent to another thread (apache/datafusion#13814).
    fn scan<'table, 'session, 'projection, 'filters, 'scan>(
        &'table self,
        _: &'session dyn Session,
        projection: Option<&'projection Vec<usize>>,
        filters: &'filters [Expr],
        _: Option<usize>,
    ) -> BoxFuture<'scan, Result<Arc<dyn ExecutionPlan>>>
    where
        Self: 'scan,
        'table: 'scan,
        'session: 'scan,
        'projection: 'scan,
        'filters: 'scan,
    {
        Box::pin(ready(self.0.scan(projection, filters)))
    }
}
