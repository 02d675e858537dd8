//! Deselects a table and a column, and selects them again. A column that comes back has no old
//! values until a re-sync.

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
    let without = world.promise(writers, std::slice::from_ref(&platform)).await?;
    ensure!(without.holds(), "without a table and a column: {without:?}");

    world.fault("selection changed");
    let writers = world.start_writers();
    platform.unselected.tables.clear();
    world.synced(&platform, &[]).await?;
    let with_table = world.promise(writers, std::slice::from_ref(&platform)).await?;
    ensure!(with_table.holds(), "with the table again: {with_table:?}");

    world.fault("selection changed");
    let writers = world.start_writers();
    platform.unselected.columns.clear();
    world.synced(&platform, &[]).await?;
    world.synced(&platform, &["--resync"]).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
