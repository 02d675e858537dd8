//! Cuts InfluxDB off until the connector gives up: the sync fails and says why, and a later one
//! succeeds.

use anyhow::{Result, ensure};

use super::End;
use crate::world::{INFLUXDB, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    let sync = world.begin(&platform, &["--rest", "15ms"]).await?;
    world.pass(600..1_500).await;
    world.cut(INFLUXDB).await?;
    let ended = world.ended(sync).await?;
    if ended.succeeded() {
        // It was faster than the cut: the next one is cut off from its beginning.
        let ended = world.sync(&platform, &[]).await?;
        ensure!(!ended.succeeded(), "a sync succeeded without a network: {}", ended.text);
    }
    world.mend(INFLUXDB).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
