//! The customer leaves a table and a column out, and takes them in again. A column that comes back has no old values until a re-sync.

use anyhow::{Result, ensure};

use super::End;
use crate::world::World;

const TABLE: &str = "valves";
const COLUMN: (&str, &str) = ("machines", "note");

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let mut platform = world.platform()?;
    platform.unselected.tables.push(TABLE.to_owned());
    platform.unselected.columns.push((COLUMN.0.to_owned(), COLUMN.1.to_owned()));
    world.synced(&platform, &[]).await?;
    let comparison = world.settled(&platform).await?;
    ensure!(comparison.holds(), "without a table and a column: {comparison:?}");

    world.fault("selection changed");
    platform.unselected.tables.clear();
    world.synced(&platform, &[]).await?;
    let comparison = world.settled(&platform).await?;
    ensure!(comparison.holds(), "with the table again: {comparison:?}");

    world.fault("selection changed");
    platform.unselected.columns.clear();
    world.synced(&platform, &[]).await?;
    world.synced(&platform, &["--resync"]).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
