//! Freezes a container for seconds, and lets it go on: InfluxDB's, the connector's, the platform's.

use anyhow::Result;

use super::End;
use crate::world::{CONNECTOR, INFLUXDB, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for who in [INFLUXDB, CONNECTOR, "platform"] {
        let sync = world.begin(&platform, &["--rest", "15ms", "--resync"]).await?;
        world.pass(300..1_500).await;
        let container = match who {
            "platform" => sync.container.clone(),
            role => world.container(role),
        };
        // A sync that has ended already cannot be frozen.
        if world.run.engine.is_running(&container).await? {
            world.fault(&format!("{who} frozen"));
            world.run.engine.pause(&container).await?;
            world.pass(2_000..6_000).await;
            world.run.engine.unpause(&container).await?;
        }
        world.ended(sync).await?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
