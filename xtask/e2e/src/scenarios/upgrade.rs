//! The connector is newer than the state that it finds: each state in `fixtures/states` was written by an earlier version.

use std::fs;

use anyhow::{Context, Result};
use xtask::program;

use super::End;
use crate::compare::Comparison;
use crate::influx::blocking;
use crate::world::{CONNECTOR, Unusual, World, write_for_all};

/// Where the cursors of the states stand, in nanoseconds: 2025-06-02T08:00:00Z.
const CURSOR: i64 = 1_748_851_200_000_000_000;

pub(super) async fn play(world: &mut World) -> Result<End> {
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let fixtures = program::root().join("fixtures");
    let lines = fs::read_to_string(fixtures.join("home.lp"))?;
    let (before, after): (Vec<_>, Vec<_>) = lines
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .partition(|line| time(line) < CURSOR);
    write(world, before.join("\n")).await?;

    // What the earlier versions had sent.
    let mut states: Vec<_> = fs::read_dir(fixtures.join("states"))
        .context("fixtures/states is missing")?
        .collect::<Result<_, _>>()?;
    states.sort_by_key(fs::DirEntry::file_name);
    let mut platforms = Vec::new();
    for (number, state) in states.iter().enumerate() {
        let platform =
            world.platform_of(&format!("platform-{number}"), CONNECTOR, crate::world::INFLUXDB)?;
        world.synced(&platform, &[]).await?;
        write_for_all(&platform.state(), &fs::read(state.path())?)?;
        platforms.push(platform);
    }
    // What came later: points after the cursor, one before it that is late, and tables that the states do not know.
    write(world, after.join("\n")).await?;
    write(world, format!("home,room=Attic temp=1.5 {}", CURSOR - 1_800_000_000_000)).await?;
    world.write_history(1_000).await?;
    let writers = world.start_writers();
    world.faults.count("earlier states", platforms.len() as u64);
    let mut all = Comparison::default();
    for platform in &platforms {
        world.synced(platform, &[]).await?;
    }
    all.add(&world.promise(writers, &platforms).await?);
    Ok(End::Compared(all))
}

fn time(line: &str) -> i64 {
    line.rsplit(' ').next().and_then(|time| time.parse().ok()).unwrap_or(i64::MAX)
}

async fn write(world: &World, lines: String) -> Result<()> {
    let influx = world.influx.clone();
    blocking(move || influx.write(&lines)).await
}
