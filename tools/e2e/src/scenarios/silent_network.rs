//! Lets connections go silent and stay open: both ends have to notice by themselves.

use anyhow::Result;

use super::End;
use crate::proxy::Rules;
use crate::world::{CONNECTOR_PORT, INFLUXDB_PORT, PROXY, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let proxy = world.start_proxy().await?;
    let platform = world.platform_of("platform", PROXY, PROXY)?;
    let lose = |from, to| Rules { lose_after: Some((from, to)), ..Rules::default() };

    proxy.order(INFLUXDB_PORT, lose(10_000, 60_000)).await?;
    let sync = world.begin(&platform, &["--rest", "5ms"]).await?;
    world.pass(3_000..8_000).await;
    // Connections that are silent stay so; new ones are good.
    proxy.order(INFLUXDB_PORT, Rules::default()).await?;
    world.ended(sync).await?;

    proxy.order(CONNECTOR_PORT, lose(10_000, 100_000)).await?;
    world.sync(&platform, &["--resync"]).await?;
    proxy.order(CONNECTOR_PORT, Rules::default()).await?;

    world.count_proxy(&proxy).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
