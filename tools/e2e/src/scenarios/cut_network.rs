//! Resets connections after some bytes, on either side of the connector, and refuses new ones.

use anyhow::Result;

use super::End;
use crate::proxy::Rules;
use crate::world::{CONNECTOR_PORT, INFLUXDB_PORT, PROXY, World};

const SYNCS: u32 = 3;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let proxy = world.start_proxy().await?;
    let platform = world.platform_of("platform", PROXY, PROXY)?;
    for _ in 0..SYNCS {
        // Some connections end within the handshake, others in the middle of an answer.
        let cut = |from, to| Rules { cut_after: Some((from, to)), ..Rules::default() };
        proxy.order(INFLUXDB_PORT, cut(200, 60_000)).await?;
        let sync = world.begin(&platform, &["--rest", "5ms"]).await?;
        world.pass(500..4_000).await;
        proxy.order(INFLUXDB_PORT, Rules { refuse: true, ..Rules::default() }).await?;
        world.pass(200..2_000).await;
        proxy.order(INFLUXDB_PORT, Rules::default()).await?;
        world.ended(sync).await?;

        proxy.order(CONNECTOR_PORT, cut(2_000, 120_000)).await?;
        world.sync(&platform, &["--resync"]).await?;
        proxy.order(CONNECTOR_PORT, Rules::default()).await?;
    }
    world.count_proxy(&proxy).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
