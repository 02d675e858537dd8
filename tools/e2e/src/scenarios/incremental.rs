//! Syncs in a row: each brings what is new, and what is late.

use anyhow::Result;

use super::End;
use crate::world::World;

const SYNCS: u32 = 5;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for _ in 0..SYNCS {
        world.synced(&platform, &[]).await?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
