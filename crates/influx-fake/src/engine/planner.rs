//! DataFusion, set up as InfluxDB 3 sets it up: it plans a statement, and runs the plan.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::CatalogProviderList;
use datafusion::common::ParamValues;
use datafusion::execution::{
    SendableRecordBatchStream, SessionState, SessionStateBuilder, TaskContext,
};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Optimizer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SQLOptions, SessionConfig};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::error::QueryError;
use super::functions;
use super::rules::{CATALOG, MAX_BATCH_ROWS, TABLES};
use super::scans::Scan;
use super::text_bounds::TextBounds;

/// Plans statements.
///
/// A session and a logical plan hold expressions, and rustc proves that those can be sent to
/// another thread anew for every future that holds one, at a cost of seconds each
/// (apache/datafusion#13814). Behind this trait it proves that once.
pub(super) trait Planner: Debug + Send + Sync {
    /// Plans one statement over the tables of a catalog.
    fn plan(
        &self,
        catalogs: Arc<dyn CatalogProviderList>,
        sql: String,
        params: ParamValues,
    ) -> BoxFuture<'static, Result<Planned, QueryError>>;
}

/// A query that has been planned: its schema is known, its rows are not.
pub(crate) struct Planned {
    context: Arc<TaskContext>,
    plan: Arc<dyn ExecutionPlan>,
    scans: Vec<Scan>,
}

impl Planned {
    pub(super) fn with_scans(self, scans: Vec<Scan>) -> Self {
        Self { scans, ..self }
    }

    /// What it will read of stored tables.
    pub(crate) fn scans(&self) -> &[Scan] {
        &self.scans
    }

    /// The schema of the rows, in which tags are still dictionaries. An answer has the metadata of
    /// its columns and no other.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.plan.schema().fields().clone()))
    }

    pub(crate) fn execute(self) -> Result<SendableRecordBatchStream, QueryError> {
        execute_stream(self.plan, self.context).map_err(QueryError::running)
    }
}

/// Makes the planner. Its functions and rules are set up once and shared by all queries.
pub(super) fn datafusion() -> Arc<dyn Planner> {
    let config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, TABLES)
        .with_create_default_catalog_and_schema(false)
        // The catalog holds one of ours, which spells types as older releases do.
        .with_information_schema(false)
        .with_batch_size(MAX_BATCH_ROWS)
        // One stream keeps the rows of a series together, and answers the same from run to run.
        .with_target_partitions(1)
        // The check compares InfluxDB's column metadata, which one side of an aggregation loses.
        .set_bool("datafusion.execution.skip_physical_aggregate_schema_check", true)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", true)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
    // Before DataFusion's own rules, which replace texts by the timestamps that they stand for.
    let mut rules = Optimizer::new().rules;
    rules.insert(0, Arc::new(TextBounds));
    let mut template = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features()
        .with_optimizer_rules(rules)
        .build();
    functions::register(&mut template);
    Arc::new(DataFusion { template })
}

#[derive(Debug)]
struct DataFusion {
    template: SessionState,
}

impl DataFusion {
    /// A session for one query.
    fn session(&self, catalogs: Arc<dyn CatalogProviderList>) -> SessionState {
        let builder = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_catalog_list(catalogs);
        let mut session = builder.build();
        // Fixes the time of the query, without which now() cannot be planned.
        session.mark_start_execution();
        session
    }
}

impl Planner for DataFusion {
    fn plan(
        &self,
        catalogs: Arc<dyn CatalogProviderList>,
        sql: String,
        params: ParamValues,
    ) -> BoxFuture<'static, Result<Planned, QueryError>> {
        let session = self.session(catalogs);
        let planned = async move {
            let plan = session.create_logical_plan(&sql).await.map_err(QueryError::logical)?;
            let plan = checked(plan, params).map_err(QueryError::logical)?;
            let plan = session.create_physical_plan(&plan).await.map_err(QueryError::planning)?;
            Ok(Planned { context: session.task_ctx(), plan, scans: Vec::new() })
        };
        planned.boxed()
    }
}

/// Refuses what is no query, and puts in the parameters.
fn checked(plan: LogicalPlan, params: ParamValues) -> datafusion::error::Result<LogicalPlan> {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    plan.with_param_values(params)
}
