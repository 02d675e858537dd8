//! Kills the platform, or lets it break off, and rolls back or keeps rows after the last
//! checkpoint.

use anyhow::Result;

use super::End;
use crate::world::World;

const TIMES: u32 = 3;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    for _ in 0..TIMES {
        let sync = world.begin(&platform, &["--rest", "15ms"]).await?;
        world.pass(100..2_000).await;
        if world.run.engine.kill(&sync.container).await? {
            world.fault("platform killed");
        }
        world.ended(sync).await?;

        let rows = world.rng.u64(1..3_000).to_string();
        let mut options = vec!["--stop-after-rows", &rows];
        if world.rng.bool() {
            options.push("--roll-back");
        }
        // There may be fewer rows than that.
        if world.sync(&platform, &options).await?.broke_off() {
            world.fault("platform broke off");
        }
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
