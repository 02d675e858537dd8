//! Sets clocks an hour off: the connector's, either way; InfluxDB's; both. In the end all are
//! right.

use anyhow::Result;

use super::End;
use crate::world::{CONNECTOR, INFLUXDB, Unusual, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    if !world.run.images.faketime {
        let reason = "libfaketime is not on this machine (Debian's package libfaketime)";
        return Ok(End::Skipped(reason.to_owned()));
    }
    let writers = world.usual().await?;
    let platform = world.platform()?;
    world.synced(&platform, &[]).await?;
    let off = |clock: &str| Unusual { clock: Some(clock.to_owned()), ..Unusual::default() };
    for (connector, influxdb) in [("-1h", "+0"), ("+1h", "+0"), ("+0", "-1h"), ("+1h", "+1h")] {
        for (role, clock) in [(INFLUXDB, influxdb), (CONNECTOR, connector)] {
            if clock != "+0" {
                world.fault(&format!("{role}'s clock {clock}"));
            }
            world.retire(&world.container(role)).await?;
        }
        world.start_influxdb(&off(influxdb)).await?;
        world.start_connector(CONNECTOR, &off(connector)).await?;
        world.synced(&platform, &[]).await?;
    }
    for role in [INFLUXDB, CONNECTOR] {
        world.retire(&world.container(role)).await?;
    }
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
