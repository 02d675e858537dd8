//! A real InfluxDB 3: syncs of all its tables, beside draining the same rows over Flight alone.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use influx_flight::{Client, Target};
use serde::Serialize;

use crate::count::count;
use crate::drain::drain;
use crate::measure::median;
use crate::program::Program;

/// Where a real InfluxDB is, from the environment.
pub(crate) struct Server {
    host: String,
    token: String,
    database: String,
}

/// What its tables came to: medians of all rounds.
#[derive(Serialize)]
pub(crate) struct Figures {
    rows: u64,
    rows_per_s: f64,
    /// The rows per second of the whole path, divided by those of only draining the Flight streams.
    sync_over_drain: f64,
    cpu_us_per_row: f64,
    peak_mb: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, rows_per_s, sync_over_drain, cpu_us_per_row, peak_mb } = self;
        write!(
            f,
            "InfluxDB: {rows} rows, {:.2} M rows/s, {cpu_us_per_row:.3} us CPU/row, \
             {peak_mb:.1} MB, sync/drain {sync_over_drain:.2}",
            rows_per_s / 1e6
        )
    }
}

impl Server {
    /// The server that `INFLUXDB3_HOST`, `INFLUXDB3_TOKEN` and `INFLUXDB3_DATABASE` name, if all
    /// are set.
    pub(crate) fn from_environment() -> Option<Self> {
        Some(Self {
            host: env::var("INFLUXDB3_HOST").ok()?,
            token: env::var("INFLUXDB3_TOKEN").ok()?,
            database: env::var("INFLUXDB3_DATABASE").ok()?,
        })
    }

    pub(crate) async fn measure(&self, rounds: usize) -> Result<Figures> {
        let mut columns = BTreeMap::<&str, Vec<f64>>::new();
        let yardstick = count(Program::connector()?.port, self.configuration()).await?;
        for _ in 0..rounds {
            let started = Instant::now();
            let drained = self.drain_flight().await?;
            ensure!(drained > 0, "the tables of {} have no rows", self.database);
            let drained_rows_per_s = drained as f64 / started.elapsed().as_secs_f64();
            let connector = Program::connector()?;
            let cpu = connector.cpu()?;
            let sync = drain(connector.port, self.configuration()).await?;
            let cpu = connector.cpu()?.saturating_sub(cpu);
            // Of this sync: somebody may be writing.
            let rows = yardstick.rows_of(&sync);
            ensure!(rows > 0.0, "a sync has brought no row");
            let rows_per_s = rows / sync.elapsed.as_secs_f64();
            for (name, value) in [
                ("rows_per_s", rows_per_s),
                ("sync_over_drain", rows_per_s / drained_rows_per_s),
                ("cpu_us_per_row", cpu.as_secs_f64() * 1e6 / rows),
                ("peak_mb", connector.peak_bytes()? as f64 / 1e6),
            ] {
                columns.entry(name).or_default().push(value);
            }
        }
        let mut median = |name| median(columns.remove(name).unwrap_or_default());
        Ok(Figures {
            rows: yardstick.rows,
            rows_per_s: median("rows_per_s"),
            sync_over_drain: median("sync_over_drain"),
            cpu_us_per_row: median("cpu_us_per_row"),
            peak_mb: median("peak_mb"),
        })
    }

    fn configuration(&self) -> BTreeMap<String, String> {
        let fields = [
            ("hostname", &self.host),
            ("token", &self.token),
            ("database", &self.database),
            ("measurement", &"*".to_owned()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }

    /// Reads every table, each in one query, and counts its rows.
    async fn drain_flight(&self) -> Result<u64> {
        let endpoint = self.host.parse()?;
        let target = Target::new(endpoint, &self.database).with_token(self.token.clone().into());
        let client = Client::connect(target).await?;
        let mut rows = 0;
        for table in client.tables().await? {
            let name = table.name.replace('"', "\"\"");
            let sql = format!(
                "SELECT * FROM \"{name}\" WHERE time >= '1677-09-22T00:00:00Z' AND time < now()"
            );
            let mut answer =
                client.query(&sql).await.context("a table cannot be drained at once")?;
            while let Some(batch) = answer.try_next().await? {
                rows += batch.num_rows() as u64;
            }
        }
        Ok(rows)
    }
}
