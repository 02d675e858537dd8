//! The configuration names another database, then another server, each with tables and points of
//! the same names, and goes back each time. What the present one has is always in the warehouse
//! with its values. Of another database nothing else is; of another server, what only that one had
//! stays until a re-sync.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::End;
use crate::clock::{nanoseconds, now};
use crate::compare::Comparison;
use crate::influx::{Influx, blocking};
use crate::sync::Platform;
use crate::world::{CONNECTOR, INFLUXDB, INFLUXDB_PORT, Unusual, World};

const OTHER_SERVER: &str = "influxdb-other";
const OTHER_DATABASE: &str = "staging";
/// Points of the same keys in all databases, and how far apart they are.
const SHARED: i64 = 200;
const APART: Duration = Duration::from_secs(60);

/// Something that a configuration may name.
struct Source {
    influx: Influx,
    host: &'static str,
    value: i64,
}

pub(super) async fn play(world: &mut World) -> Result<End> {
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let influx = world.influx.clone();
    let staging = influx.with_database(OTHER_DATABASE);
    let other = world.start_another_influxdb(OTHER_SERVER).await?;
    let mut platform = world.platform()?;
    let mut sources = [
        Source { influx, host: INFLUXDB, value: 1 },
        Source { influx: staging, host: INFLUXDB, value: 2 },
        Source { influx: other, host: OTHER_SERVER, value: 3 },
    ];
    let begin = now() - nanoseconds(APART) * (SHARED + 10);
    for source in &sources {
        world.write_history_to(&source.influx, 1_000).await?;
        write_shared(source, begin).await?;
    }

    let mut all = Comparison::default();
    let mut before = INFLUXDB;
    for turn in [0, 1, 0, 2, 0, 2, 1] {
        let source = &mut sources[turn];
        let named = (source.host, source.influx.database());
        world.fault("source changed");
        let mut comparison = read(world, &mut platform, source).await?;
        if source.host != before && source.influx.database() != OTHER_DATABASE {
            // A value of the other server in a row that both have would be missing here.
            comparison.extra = 0;
        }
        before = source.host;
        ensure!(comparison.holds(), "after a change to {named:?}: {comparison:?}");
        all.add(&comparison);
        // What changes while another one is read is to be there when this one is read again.
        source.value += 10;
        write_shared(source, begin).await?;
        world.write_history_to(&source.influx, 100).await?;
    }
    Ok(End::Compared(all))
}

/// Lets a sync succeed that reads this source, and compares.
async fn read(world: &mut World, platform: &mut Platform, source: &Source) -> Result<Comparison> {
    let token = source.influx.token().context("InfluxDB has given no token")?;
    platform.set("hostname", format!("http://{}:{INFLUXDB_PORT}", source.host))?;
    platform.set("token", token.expose())?;
    platform.set("database", source.influx.database())?;
    let ended = world.synced(platform, &[]).await?;
    world.compare_with(&source.influx, platform, ended.due).await
}

/// Writes the points that every source has, each with values of its own.
async fn write_shared(source: &Source, begin: i64) -> Result<()> {
    let (influx, value) = (source.influx.clone(), source.value);
    let lines = (0..SHARED).map(|number| {
        let time = begin + number * nanoseconds(APART);
        format!("machines,site=shared,unit=u{number} temperature={value}.5 {time}")
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    blocking(move || influx.write(&lines)).await
}
