//! The platform: syncs, each in a container of its own, into a directory that lasts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::clock::{SETTLE, nanoseconds, now};
use crate::compare::{self, Comparison, Unselected};
use crate::engine::Container;
use crate::influx::{DATABASE, Influx, blocking};
use crate::world::{CONNECTOR, CONNECTOR_PORT, INFLUXDB, INFLUXDB_PORT, World, open_to_all};
use crate::writers::Writers;

/// How often a sync is tried at the end, when no fault is left: a dead connection may still cost
/// one.
const LAST_TRIES: u32 = 4;
/// No sync of these small databases takes longer, however often it has to wait for somebody.
const LONGEST: Duration = Duration::from_secs(8 * 60);

/// How the platform's report says that it broke off by itself (`report.rs` of fivetran-tester).
const BROKE_OFF: &str = "stopped by us";

/// What a customer has set up: a warehouse with its state, a configuration, and its connector.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    name: String,
    pub(crate) directory: PathBuf,
    pub(crate) settings: BTreeMap<String, String>,
    /// `host:port`.
    pub(crate) connector: String,
    pub(crate) unselected: Unselected,
}

/// A sync that runs.
pub(crate) struct Sync {
    pub(crate) container: String,
    report: PathBuf,
    /// Before this time, all has to be there when it has succeeded.
    due: i64,
}

/// A sync that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i64,
    /// What the platform says of it, if it lived to say it.
    pub(crate) report: Option<Value>,
    /// All that it said.
    pub(crate) text: String,
    pub(crate) due: i64,
}

impl Ended {
    pub(crate) fn succeeded(&self) -> bool {
        self.code == 0
    }

    pub(crate) fn rows(&self) -> u64 {
        self.report.as_ref().and_then(|report| report["rows"].as_u64()).unwrap_or_default()
    }

    /// Whether the platform broke off as it was told to, instead of coming to the end before.
    pub(crate) fn broke_off(&self) -> bool {
        self.report.as_ref().is_some_and(|report| report["end"] == BROKE_OFF)
    }

    /// Checks the report's breaches. Only a platform that succeeded must have a report.
    fn broke_no_rule(&self) -> Result<()> {
        let report = self.report.as_ref();
        match report.and_then(|report| report["breaches"].as_array()) {
            Some(breaches) => {
                ensure!(
                    breaches.is_empty(),
                    "the connector broke rules of Fivetran's: {}",
                    self.text
                );
            }
            None => ensure!(!self.succeeded(), "a sync succeeded without a report: {}", self.text),
        }
        Ok(())
    }
}

impl Platform {
    pub(crate) fn warehouse(&self) -> PathBuf {
        self.directory.join("warehouse.db")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.join("state.json")
    }

    /// Sets a field of the configuration.
    pub(crate) fn set(&mut self, field: &str, value: impl Into<String>) -> Result<()> {
        self.settings.insert(field.to_owned(), value.into());
        self.write()
    }

    fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.settings)?;
        Ok(fs::write(self.directory.join("configuration.json"), text)?)
    }
}

impl World {
    /// A customer who talks to the connector and lets it talk to InfluxDB, with nothing between.
    pub(crate) fn platform(&self) -> Result<Platform> {
        self.platform_of("platform", CONNECTOR, INFLUXDB)
    }

    /// A customer by a name, who reaches connector and InfluxDB by these.
    pub(crate) fn platform_of(
        &self,
        name: &str,
        connector: &str,
        influxdb: &str,
    ) -> Result<Platform> {
        let token = self.influx.token().context("InfluxDB has given no token yet")?;
        let settings = [
            ("hostname", format!("http://{influxdb}:{INFLUXDB_PORT}")),
            ("token", token.expose().to_owned()),
            ("database", DATABASE.to_owned()),
            ("measurement", "*".to_owned()),
            // Between containers there is no loopback.
            ("allow_plaintext", "true".to_owned()),
            // Small windows, so that a fault may fall between two of them.
            ("window_rows", "1000".to_owned()),
        ];
        let directory = self.directory.join(name);
        open_to_all(&directory)?;
        let platform = Platform {
            name: name.to_owned(),
            directory,
            settings: settings.map(|(field, value)| (field.to_owned(), value)).into(),
            connector: format!("{connector}:{CONNECTOR_PORT}"),
            unselected: Unselected::default(),
        };
        platform.write()?;
        Ok(platform)
    }

    /// Begins a sync.
    pub(crate) async fn begin(&mut self, platform: &Platform, options: &[&str]) -> Result<Sync> {
        let bind = format!("{}:/data", platform.directory.display());
        self.begin_in(platform, bind, options).await
    }

    /// Begins a sync into a directory, or a volume, that is mounted at `/data`.
    pub(crate) async fn begin_in(
        &mut self,
        platform: &Platform,
        bind: String,
        options: &[&str],
    ) -> Result<Sync> {
        self.syncs.all += 1;
        let number = self.syncs.all;
        let report = platform.directory.join("report.json");
        if report.exists() {
            fs::remove_file(&report)?;
        }
        let selection = &platform.unselected;
        let without = |option: &str, name: String| [option.to_owned(), name];
        let tables = selection.tables.iter().map(|table| without("--without-table", table.clone()));
        let columns = selection
            .columns
            .iter()
            .map(|(table, column)| without("--without-column", format!("{table}.{column}")));
        let fixed = [
            ["--connector", &platform.connector],
            ["--configuration", "/data/configuration.json"],
            ["--directory", "/data"],
            ["--report", "/data/report.json"],
        ];
        let command = fixed.concat().into_iter().chain(options.iter().copied());
        let container = Container {
            name: self.container(&format!("{}-{number}", platform.name)),
            image: self.run.images.platform.clone(),
            command: command.map(str::to_owned).chain(tables.chain(columns).flatten()).collect(),
            // SQLite sorts in a file of its own, where there is much to sort.
            environment: vec!["SQLITE_TMPDIR=/data".to_owned()],
            binds: vec![bind],
            network: Some((self.network.clone(), format!("{}-{number}", platform.name))),
            ..Container::default()
        };
        let influx = self.influx.clone();
        // A server that cannot be asked now tells nothing new.
        let _ = blocking(move || influx.list_files()).await;
        let due = now() - nanoseconds(SETTLE);
        self.run.engine.start(&self.run.id, &container).await?;
        Ok(Sync { container: container.name, report, due })
    }

    /// Waits for a sync's end.
    pub(crate) async fn ended(&mut self, sync: Sync) -> Result<Ended> {
        let engine = self.run.engine.clone();
        let waited = tokio::time::timeout(LONGEST, engine.wait(&sync.container)).await;
        let code = waited.with_context(|| format!("a sync does not end within {LONGEST:?}"))??;
        let text = String::from_utf8_lossy(&engine.logs(&sync.container).await?).into_owned();
        self.retire(&sync.container).await?;
        let report =
            fs::read(&sync.report).ok().and_then(|text| serde_json::from_slice(&text).ok());
        if code != 0 {
            self.syncs.failed += 1;
        }
        let ended = Ended { code, report, text, due: sync.due };
        ended.broke_no_rule()?;
        Ok(ended)
    }

    /// Plays a sync from its beginning to its end, whatever that is.
    pub(crate) async fn sync(&mut self, platform: &Platform, options: &[&str]) -> Result<Ended> {
        let sync = self.begin(platform, options).await?;
        self.ended(sync).await
    }

    /// Plays a sync, which has to succeed.
    pub(crate) async fn synced(&mut self, platform: &Platform, options: &[&str]) -> Result<Ended> {
        let ended = self.sync(platform, options).await?;
        ensure!(ended.succeeded(), "a sync failed with nothing in its way: {}", ended.text);
        Ok(ended)
    }

    /// Stops the writers, lets a sync succeed for each customer, and compares.
    pub(crate) async fn promise(
        &mut self,
        writers: Writers,
        platforms: &[Platform],
    ) -> Result<Comparison> {
        writers.stop().await;
        let mut all = Comparison::default();
        for platform in platforms {
            let comparison = self.settled(platform).await?;
            // In a sum it would not be seen that one of them has nothing.
            ensure!(comparison.rows > 0, "the warehouse of {} has no rows", platform.name);
            all.add(&comparison);
        }
        Ok(all)
    }

    /// With nothing in the way any more: lets a sync succeed, and compares.
    pub(crate) async fn settled(&mut self, platform: &Platform) -> Result<Comparison> {
        let mut ended = self.sync(platform, &[]).await?;
        for _ in 1..LAST_TRIES {
            if ended.succeeded() {
                break;
            }
            ended = self.sync(platform, &[]).await?;
        }
        ensure!(
            ended.succeeded(),
            "{LAST_TRIES} syncs failed with nothing in their way, the last: {}",
            ended.text
        );
        self.compare(platform, ended.due).await
    }

    pub(crate) async fn compare(&self, platform: &Platform, due: i64) -> Result<Comparison> {
        self.compare_with(&self.influx, platform, due).await
    }

    /// Compares a warehouse with a database that need not be the usual one.
    pub(crate) async fn compare_with(
        &self,
        influx: &Influx,
        platform: &Platform,
        due: i64,
    ) -> Result<Comparison> {
        compare::run(influx, &platform.warehouse(), due, &platform.unselected).await
    }
}

/// How many bytes a file has; none if there is none.
pub(crate) fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ended(code: i64, report: Option<Value>) -> Ended {
        Ended { code, report, text: String::new(), due: 0 }
    }

    #[test]
    fn a_sync_that_succeeded_has_to_say_that_no_rule_was_broken() {
        let check = |code, report, expected| {
            assert_eq!(ended(code, report).broke_no_rule().is_ok(), expected);
        };
        check(0, Some(json!({ "breaches": [] })), true);
        check(0, Some(json!({ "breaches": ["a key was NULL"] })), false);
        check(0, Some(json!({})), false);
        check(0, None, false);
        // Killed, or failed.
        check(137, None, true);
        check(1, Some(json!({ "breaches": ["a key was NULL"] })), false);
    }

    #[test]
    fn breaking_off_is_not_coming_to_the_end() {
        assert!(ended(0, Some(json!({ "end": "stopped by us" }))).broke_off());
        assert!(!ended(0, Some(json!({ "end": "completed" }))).broke_off());
        assert!(!ended(137, None).broke_off());
    }
}
