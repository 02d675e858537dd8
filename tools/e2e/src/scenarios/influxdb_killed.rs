//! Kills InfluxDB at random moments, and starts it again with what it had acknowledged.

use anyhow::Result;

use super::End;
use crate::world::{INFLUXDB, World};

const KILLS: u32 = 3;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for _ in 0..KILLS {
        let sync = world.begin(&platform, &["--rest", "15ms"]).await?;
        world.pass(100..2_000).await;
        world.kill(INFLUXDB).await?;
        world.pass(200..3_000).await;
        world.start_again(INFLUXDB).await?;
        world.ended(sync).await?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
