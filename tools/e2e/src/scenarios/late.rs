//! Writes and overwrites points hours after the lookback has passed them: the server's files tell
//! of them. Kills the connector while it reads them again.

use std::time::Duration;

use anyhow::Result;

use super::End;
use crate::clock::{nanoseconds, now};
use crate::influx::blocking;
use crate::world::{CONNECTOR, Unusual, World};
use crate::writers::{Pace, Writers};

const ROUNDS: u32 = 4;
/// How many points come late in a round, and how late, in seconds: beyond the connector's hour of
/// lookback, and within the history.
const LATE: u32 = 20;
const AGES: std::ops::Range<u64> = 2 * 3_600..5 * 3_600;
const SNAPSHOTS: Duration = Duration::from_secs(1);

pub(super) async fn play(world: &mut World) -> Result<End> {
    if !world.run.images.is_fake {
        let reason = "when a real InfluxDB takes snapshots is its own affair";
        return Ok(End::Skipped(reason.to_owned()));
    }
    world.start_influxdb(&Unusual { snapshots: Some(SNAPSHOTS), ..Unusual::default() }).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    world.write_history(3_000).await?;
    // Not too many: each that is late makes a file, and a query may read 432.
    let pace = Pace { late: Duration::from_secs(AGES.end), pause: 300..900 };
    let writers = Writers::start(&world.influx, world.rng.u64(..), &pace);
    let platform = world.platform()?;
    world.synced(&platform, &[]).await?;
    let mut late = Vec::new();
    for round in 0..ROUNDS {
        write_late(world, &mut late).await?;
        snapshotted().await;
        let sync = world.begin(&platform, &["--rest", "15ms"]).await?;
        if round % 2 == 0 {
            world.pass(100..1_000).await;
            world.kill(CONNECTOR).await?;
        }
        world.ended(sync).await?;
        if round % 2 == 0 {
            world.start_again(CONNECTOR).await?;
        }
    }
    writers.stop().await;
    // What is in no file yet is seen by nobody.
    snapshotted().await;
    Ok(End::Compared(world.settled(&platform).await?))
}

/// Until all that was written before is in files.
async fn snapshotted() {
    tokio::time::sleep(3 * SNAPSHOTS).await;
}

/// Writes late points, and overwrites those that were late before. Adds the new ones' series and
/// time.
async fn write_late(world: &mut World, written: &mut Vec<(String, i64)>) -> Result<()> {
    let mut lines = Vec::new();
    for (series, time) in written.iter() {
        lines.push(format!("{series} temperature={},ok=true {time}", world.rng.i8(..)));
    }
    world.faults.count("points changed late", written.len() as u64);
    for number in 0..LATE {
        let series = format!("machines,site=late,unit={number}");
        let time = now() - nanoseconds(Duration::from_secs(world.rng.u64(AGES)));
        lines.push(format!("{series} temperature={} {time}", world.rng.i8(..)));
        written.push((series, time));
    }
    world.faults.count("points late", LATE.into());
    let influx = world.influx.clone();
    blocking(move || influx.write(&lines.join("\n"))).await
}
