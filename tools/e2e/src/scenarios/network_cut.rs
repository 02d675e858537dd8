//! InfluxDB is out of reach for seconds: no packet comes or goes, and nobody is told.

use anyhow::Result;

use super::End;
use crate::world::{INFLUXDB, World};

const CUTS: u32 = 3;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for _ in 0..CUTS {
        let sync = world.begin(&platform, &["--rest", "15ms"]).await?;
        world.pass(100..1_500).await;
        world.cut(INFLUXDB).await?;
        world.pass(1_000..6_000).await;
        world.mend(INFLUXDB).await?;
        world.ended(sync).await?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
