//! The first sync, with writers at work.

use anyhow::Result;

use super::End;
use crate::world::World;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    world.synced(&platform, &[]).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
