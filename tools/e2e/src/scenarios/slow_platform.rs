//! A platform that reads slowly: the connector has to wait, and InfluxDB with it.

use anyhow::Result;

use super::End;
use crate::world::World;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    world.fault("platform slow");
    world.synced(&platform, &["--rest", "150ms"]).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
