//! SQL: DataFusion over the store, set up as InfluxDB 3 sets it up.

mod catalog;
mod error;
mod functions;
mod limits;
mod params;
mod parquet_files;
mod rules;
mod scan;
mod system;
mod text_bounds;
mod time_range;

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Optimizer;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SQLOptions, SessionConfig};

use crate::options::Options;
use crate::params::Params;
use crate::store::Store;
use rules::{Rules, TABLES};
use text_bounds::TextBounds;

pub(crate) use error::QueryError;
pub(crate) use rules::{CATALOG, MAX_BATCH_ROWS};

/// Plans and runs queries. The functions and rules are set up once; the catalog is made anew for each query.
#[derive(Debug)]
pub(crate) struct Engine {
    template: SessionState,
    store: Arc<Store>,
    rules: Rules,
}

/// A query that has been planned: its schema is known, its rows are not.
pub(crate) struct Planned {
    state: SessionState,
    plan: Arc<dyn ExecutionPlan>,
}

impl Engine {
    pub(crate) fn new(store: Arc<Store>, options: &Options) -> Self {
        let config = SessionConfig::new()
            .with_default_catalog_and_schema(CATALOG, TABLES)
            .with_create_default_catalog_and_schema(false)
            // Ours stands in the catalog, since it has to spell types as older releases did.
            .with_information_schema(false)
            .with_batch_size(MAX_BATCH_ROWS)
            // One stream keeps the rows of a series together, and an answer the same from run to run.
            .with_target_partitions(1)
            // InfluxDB's column marks are lost on one side of an aggregation; the check compares them.
            .set_bool("datafusion.execution.skip_physical_aggregate_schema_check", true)
            .set_bool("datafusion.sql_parser.enable_ident_normalization", true)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
        // In front, since the engine's own rules replace texts by the timestamps that they make of them.
        let mut rules = Optimizer::new().rules;
        rules.insert(0, Arc::new(TextBounds));
        let mut template = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .with_optimizer_rules(rules)
            .build();
        functions::register(&mut template);
        Self { template, store, rules: Rules::of(options) }
    }

    /// Plans one statement against a database that exists.
    pub(crate) async fn plan(
        &self,
        database: &str,
        sql: &str,
        params: &Params,
    ) -> Result<Planned, QueryError> {
        plan(self.session(database, self.rules), sql, params).await
    }

    /// The schema of a statement's rows. Limits count only when rows are asked for.
    pub(crate) async fn schema(&self, database: &str, sql: &str) -> Result<SchemaRef, QueryError> {
        let rules = self.rules.without_limits();
        let planned = plan(self.session(database, rules), sql, &Params::default()).await?;
        Ok(planned.schema())
    }

    fn session(&self, database: &str, rules: Rules) -> SessionState {
        let catalogs = catalog::of_database(&self.store, database, rules);
        let builder = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_catalog_list(catalogs);
        let mut state = builder.build();
        // One moment for the whole query, without which now() cannot be planned.
        state.mark_start_execution();
        state
    }

    /// Every table of a database with its schema, as FlightSQL's catalog calls list them: schema, table, type, columns.
    pub(crate) async fn tables(&self, database: &str) -> Result<Vec<TableListing>, QueryError> {
        let state = self.session(database, self.rules);
        let mut listings = Vec::new();
        let catalog = state.catalog_list().catalog(CATALOG);
        for schema_name in catalog.iter().flat_map(|catalog| catalog.schema_names()) {
            let Some(schema) = catalog.as_ref().and_then(|catalog| catalog.schema(&schema_name))
            else {
                continue;
            };
            for table in schema.table_names() {
                let Some(provider) = schema.table(&table).await.map_err(QueryError::planning)?
                else {
                    continue;
                };
                let kind = if schema_name == catalog::INFORMATION { "VIEW" } else { "BASE TABLE" };
                let columns = provider.schema();
                listings.push(TableListing { schema: schema_name.clone(), table, kind, columns });
            }
        }
        Ok(listings)
    }
}

pub(crate) struct TableListing {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) kind: &'static str,
    pub(crate) columns: SchemaRef,
}

async fn plan(state: SessionState, sql: &str, params: &Params) -> Result<Planned, QueryError> {
    let plan = logical_plan(&state, sql, params).await.map_err(QueryError::logical)?;
    let plan = state.create_physical_plan(&plan).await.map_err(QueryError::planning)?;
    Ok(Planned { state, plan })
}

async fn logical_plan(
    state: &SessionState,
    sql: &str,
    params: &Params,
) -> datafusion::error::Result<LogicalPlan> {
    let plan = state.create_logical_plan(sql).await?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    plan.with_param_values(params::values(params))
}

impl Planned {
    /// The schema of the rows, where tags are still dictionaries. An answer carries no metadata but that of its columns.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.plan.schema().fields().clone()))
    }

    pub(crate) fn execute(self) -> Result<SendableRecordBatchStream, QueryError> {
        execute_stream(self.plan, self.state.task_ctx()).map_err(QueryError::running)
    }
}
