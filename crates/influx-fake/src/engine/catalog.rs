//! The catalog of one database: `iox` for its tables, `system`, and `information_schema`.

use std::sync::Arc;

use datafusion::catalog::information_schema::InformationSchemaProvider;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProviderList, SchemaProvider, TableProvider,
};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlanBuilder, TableType, when};
use datafusion::prelude::{col, lit};
use tonic::async_trait;

use super::rules::{CATALOG, Rules, TABLES};
use super::scan::StoredTable;
use super::scans::Scans;
use super::system::{self, SystemSchema};
use super::table::Provided;
use crate::options::TimeSpelling;
use crate::store::Store;

pub(super) const INFORMATION: &str = "information_schema";

/// The catalog as one query sees it, which adds what it scans to `scans`.
pub(super) fn of_database(
    store: &Arc<Store>,
    database: &str,
    rules: Rules,
    scans: &Scans,
) -> Arc<dyn CatalogProviderList> {
    let database = Database {
        store: Arc::clone(store),
        name: database.to_owned(),
        rules,
        scans: scans.clone(),
        information: None,
    };
    // The information schema describes a copy of the catalog without itself: a catalog that held
    // its own description would never be freed.
    let described: Arc<dyn CatalogProviderList> = Arc::new(MemoryCatalogProviderList::new());
    described.register_catalog(CATALOG.to_owned(), Arc::new(database.clone()));
    let stock = Arc::new(InformationSchemaProvider::new(described));
    let information = Information { stock, spelling: rules.spelling };

    let list = MemoryCatalogProviderList::new();
    let catalog = Database { information: Some(Arc::new(information)), ..database };
    list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    Arc::new(list)
}

#[derive(Clone, Debug)]
struct Database {
    store: Arc<Store>,
    name: String,
    rules: Rules,
    scans: Scans,
    information: Option<Arc<Information>>,
}

impl CatalogProvider for Database {
    fn schema_names(&self) -> Vec<String> {
        let information = self.information.as_ref().map(|_| INFORMATION);
        [TABLES, system::SCHEMA].into_iter().chain(information).map(str::to_owned).collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        match name {
            TABLES => Some(Arc::new(Tables(self.clone()))),
            system::SCHEMA => {
                Some(Arc::new(SystemSchema::new(&self.store, &self.name, self.rules.listing)))
            }
            INFORMATION => self.information.clone().map(|schema| schema as Arc<dyn SchemaProvider>),
            _ => None,
        }
    }
}

/// The tables that were written to.
#[derive(Debug)]
struct Tables(Database);

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        self.0.store.tables(&self.0.name)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let schema = self.0.store.schema(&self.0.name, name);
        Ok(schema.map(|schema| -> Arc<dyn TableProvider> {
            let store = Arc::clone(&self.0.store);
            Arc::new(Provided(StoredTable {
                store,
                database: self.0.name.clone(),
                table: name.to_owned(),
                schema,
                limits: self.0.rules.limits,
                scans: self.0.scans.clone(),
            }))
        }))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.store.has_table(&self.0.name, name)
    }
}

/// DataFusion's information schema, with the type of `time` in the spelling of a release.
#[derive(Debug)]
struct Information {
    stock: Arc<InformationSchemaProvider>,
    spelling: TimeSpelling,
}

#[async_trait]
impl SchemaProvider for Information {
    fn table_names(&self) -> Vec<String> {
        self.stock.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = self.stock.table(name).await? else { return Ok(None) };
        match self.spelling {
            TimeSpelling::Long if name == "columns" => with_long_spelling(table).map(Some),
            _ => Ok(Some(table)),
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.stock.table_exist(name)
    }
}

/// The table `columns` with the long spelling of the type.
fn with_long_spelling(columns: Arc<dyn TableProvider>) -> Result<Arc<dyn TableProvider>> {
    let schema = columns.schema();
    let expressions = schema.fields().iter().map(|field| match field.name().as_str() {
        name @ "data_type" => {
            let mut long =
                when(col(name).eq(lit("Timestamp(ns)")), lit("Timestamp(Nanosecond, None)"));
            Ok(long.otherwise(col(name))?.alias(name))
        }
        name => Ok(col(name)),
    });
    let expressions: Vec<_> = expressions.collect::<Result<_>>()?;
    let plan = LogicalPlanBuilder::scan("columns", provider_as_source(columns), None)?
        .project(expressions)?
        .build()?;
    Ok(Arc::new(ViewTable::new(plan, None)))
}
