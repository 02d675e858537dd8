//! Twenty connectors on one InfluxDB, each with a platform of its own, all at once.

use anyhow::{Result, ensure};
use futures::future::try_join_all;

use super::End;
use crate::world::{CONNECTOR, INFLUXDB, Unusual, World};

const CONNECTORS: usize = 20;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let mut platforms = Vec::new();
    for number in 0..CONNECTORS {
        // The first is the usual one.
        let role = if number == 0 { CONNECTOR.to_owned() } else { format!("{CONNECTOR}-{number}") };
        if number > 0 {
            world.start_connector(&role, &Unusual::default()).await?;
        }
        platforms.push(world.platform_of(&format!("platform-{number}"), &role, INFLUXDB)?);
    }
    world.faults.count("connectors more", CONNECTORS as u64 - 1);
    let mut syncs = Vec::new();
    for platform in &platforms {
        syncs.push(world.begin(platform, &[]).await?);
    }
    let engine = world.run.engine.clone();
    let codes = try_join_all(syncs.iter().map(|sync| engine.wait(&sync.container))).await?;
    ensure!(codes.iter().all(|code| *code == 0), "of twenty syncs at once some failed: {codes:?}");
    for sync in syncs {
        world.ended(sync).await?;
    }
    Ok(End::Compared(world.promise(writers, &platforms).await?))
}
