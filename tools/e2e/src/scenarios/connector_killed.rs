//! The connector is killed at random moments, as when its machine is taken away.

use anyhow::Result;

use super::End;
use crate::world::{CONNECTOR, World};

const KILLS: u32 = 4;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for _ in 0..KILLS {
        // Slow the platform down, so that the kill falls into the sync. Rows after the last
        // checkpoint are rolled back or kept.
        let mut options = vec!["--rest", "15ms"];
        if world.rng.bool() {
            options.push("--roll-back");
        }
        let sync = world.begin(&platform, &options).await?;
        world.pass(100..2_000).await;
        world.kill(CONNECTOR).await?;
        world.ended(sync).await?;
        world.start_again(CONNECTOR).await?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
