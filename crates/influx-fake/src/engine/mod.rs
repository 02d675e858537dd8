//! SQL over the store: DataFusion, set up as InfluxDB 3 sets it up.

mod catalog;
mod error;
mod functions;
mod limits;
mod params;
mod parquet_files;
mod planner;
mod rules;
mod scan;
mod scans;
mod system;
mod table;
mod text_bounds;
mod time_range;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::CatalogProviderList;

use crate::options::Options;
use crate::params::Params;
use crate::store::Store;
use planner::Planner;
use rules::Rules;
use scans::Scans;

pub(crate) use error::QueryError;
pub(crate) use planner::Planned;
pub(crate) use rules::{CATALOG, MAX_BATCH_ROWS};
pub(crate) use scans::Scan;

/// Plans and runs queries. Each query gets a catalog of its own.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    planner: Arc<dyn Planner>,
    store: Arc<Store>,
    rules: Rules,
}

/// A table as FlightSQL's catalog calls list it.
pub(crate) struct TableListing {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) kind: &'static str,
    pub(crate) columns: SchemaRef,
}

impl Engine {
    pub(crate) fn new(store: Arc<Store>, options: &Options) -> Self {
        Self { planner: planner::datafusion(), store, rules: Rules::of(options) }
    }

    /// The same engine over another store.
    pub(crate) fn over(&self, store: Store) -> Self {
        Self { store: Arc::new(store), ..self.clone() }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Plans one statement against a database that exists.
    pub(crate) async fn plan(
        &self,
        database: &str,
        sql: &str,
        params: &Params,
    ) -> Result<Planned, QueryError> {
        let scans = Scans::default();
        let catalogs = self.catalogs(database, self.rules, &scans);
        let planned = self.planner.plan(catalogs, sql.to_owned(), params::values(params)).await?;
        Ok(planned.with_scans(scans.take()))
    }

    /// The schema of a statement's rows. Limits count only when rows are read.
    pub(crate) async fn schema(&self, database: &str, sql: &str) -> Result<SchemaRef, QueryError> {
        let catalogs = self.catalogs(database, self.rules.without_limits(), &Scans::default());
        let params = params::values(&Params::default());
        Ok(self.planner.plan(catalogs, sql.to_owned(), params).await?.schema())
    }

    /// Lists every table of a database.
    pub(crate) async fn tables(&self, database: &str) -> Result<Vec<TableListing>, QueryError> {
        let mut listings = Vec::new();
        let catalog = self.catalogs(database, self.rules, &Scans::default()).catalog(CATALOG);
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

    fn catalogs(
        &self,
        database: &str,
        rules: Rules,
        scans: &Scans,
    ) -> Arc<dyn CatalogProviderList> {
        catalog::of_database(&self.store, database, rules, scans)
    }
}
