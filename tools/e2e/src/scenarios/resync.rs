//! A re-sync: the customer asks for everything anew, and the warehouse keeps what is still there.

use anyhow::Result;

use super::End;
use crate::world::World;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    world.synced(&platform, &[]).await?;
    world.fault("state forgotten");
    world.synced(&platform, &["--resync"]).await?;
    // Once more, broken off in the middle: the next sync is neither a first one nor an old one.
    let broken_off = world.rng.u64(500..2_500).to_string();
    let ended = world.sync(&platform, &["--resync", "--stop-after-rows", &broken_off]).await?;
    if ended.broke_off() {
        world.fault("re-sync broken off");
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
