//! InfluxDB 3 as a source.

use influx_flight::ErrorKind;
use sync_core::{Catalog, SetupTest, Sink, Source, SyncError, SyncRequest, Table};
use sync_engine::{
    Clock, Measurements, SystemClock, TableInfo, TimeSeries, UnusableTable, catalog, sync,
};

use crate::config::InfluxConfig;
use crate::influxdb::{InfluxDb, caveats, failure};
use crate::predecessor::taken_over;

/// InfluxDB 3 as a [`Source`].
pub struct InfluxSource {
    clock: Box<dyn Clock>,
}

impl Default for InfluxSource {
    fn default() -> Self {
        Self::with_clock(SystemClock)
    }
}

impl InfluxSource {
    /// A source that is told the time.
    pub fn with_clock(clock: impl Clock) -> Self {
        Self { clock: Box::new(clock) }
    }
}

const CONNECTION: &str = "connection";
const TOKEN: &str = "token";
const DATABASE: &str = "database";
const MEASUREMENTS: &str = "measurements";

const SETUP_TESTS: &[SetupTest] = &[
    SetupTest { name: CONNECTION, label: "Reach InfluxDB 3" },
    SetupTest { name: TOKEN, label: "Use the token" },
    SetupTest { name: DATABASE, label: "Open the database" },
    SetupTest { name: MEASUREMENTS, label: "Find the measurements" },
];

impl Source for InfluxSource {
    type Config = InfluxConfig;

    fn setup_tests(&self) -> &'static [SetupTest] {
        SETUP_TESTS
    }

    async fn test(&self, name: &str, config: &InfluxConfig) -> Result<(), SyncError> {
        // A customer waits for the answer, so nothing is tried twice.
        let database = connect(config).await?;
        if name == MEASUREMENTS {
            return fit(database.tables().await?, config).map(drop);
        }
        match database.client().check().await {
            Ok(info) => {
                if name == CONNECTION {
                    tell_release(info.version.as_ref());
                }
                Ok(())
            }
            Err(error) => match (name, error.kind()) {
                // Whoever refuses a token or a database has been reached, and each has a test of
                // its own.
                (CONNECTION, ErrorKind::Token | ErrorKind::DatabaseMissing)
                | (TOKEN, ErrorKind::DatabaseMissing) => Ok(()),
                _ => Err(failure(error).into()),
            },
        }
    }

    async fn schema(&self, config: &InfluxConfig) -> Result<Catalog, SyncError> {
        let database = connect(config).await?;
        let listed = config.settings.retry.run(|| database.tables()).await?;
        fit(listed, config).map(Catalog::Tables)
    }

    async fn sync<S: Sink>(
        &self,
        config: &InfluxConfig,
        request: SyncRequest,
        sink: &S,
    ) -> Result<(), SyncError> {
        let state = taken_over(request.state, &config.settings)?;
        let request = SyncRequest { state, ..request };
        let database = connect(config).await?;
        sync(self.clock.as_ref(), &database, &config.settings, request, sink).await
    }
}

/// Tells of a release that is known to answer wrongly now and then.
fn tell_release(version: Option<&semver::Version>) {
    for caveat in version.map(caveats).unwrap_or_default() {
        tracing::warn!("{caveat}");
    }
}

async fn connect(config: &InfluxConfig) -> Result<InfluxDb, SyncError> {
    let database = InfluxDb::connect(&config.target).await;
    database.map_err(|error| failure(error).into())
}

/// The tables that the configuration fits, if there is one; what does not fit is left out and
/// logged, so that the customer can still select among the others.
fn fit(listed: Vec<TableInfo>, config: &InfluxConfig) -> Result<Vec<Table>, SyncError> {
    let settings = &config.settings;
    let (tables, unusable) = catalog(listed, settings, &InfluxDb::PROFILE)?;
    for UnusableTable { table, .. } in &unusable {
        tracing::warn!(table, "the configuration does not fit a table, which is left out");
    }
    // One that was asked for by name has to fit.
    let asked = settings.measurements != Measurements::All;
    match unusable.into_iter().next() {
        Some(first) if asked || tables.is_empty() => Err(first.error),
        _ => Ok(tables),
    }
}
