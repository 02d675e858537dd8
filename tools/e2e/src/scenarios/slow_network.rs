//! A slow network: every piece of 4 kB waits, or few bytes pass in a second.

use anyhow::Result;

use super::End;
use crate::proxy::Rules;
use crate::world::{CONNECTOR_PORT, INFLUXDB_PORT, PROXY, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let proxy = world.start_proxy().await?;
    let platform = world.platform_of("platform", PROXY, PROXY)?;

    let delay = world.rng.u64(5..25);
    let slow = Rules { delay, jitter: delay, ..Rules::default() };
    proxy.order(INFLUXDB_PORT, slow.clone()).await?;
    proxy.order(CONNECTOR_PORT, slow).await?;
    world.synced(&platform, &[]).await?;

    let narrow =
        Rules { bytes_per_second: Some(world.rng.u64(60_000..200_000)), ..Rules::default() };
    world.faults.count("throttled", 2);
    proxy.order(INFLUXDB_PORT, narrow.clone()).await?;
    proxy.order(CONNECTOR_PORT, narrow).await?;
    world.synced(&platform, &[]).await?;
    world.synced(&platform, &["--resync"]).await?;

    world.count_proxy(&proxy).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
