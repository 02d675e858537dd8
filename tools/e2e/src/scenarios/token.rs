//! The token is revoked while a sync runs, and the customer types in the new one.

use anyhow::{Context, Result, ensure};

use super::End;
use crate::influx::blocking;
use crate::world::World;

const TIMES: u32 = 2;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let mut platform = world.platform()?;
    for _ in 0..TIMES {
        let sync = world.begin(&platform, &["--rest", "15ms", "--resync"]).await?;
        world.pass(300..1_500).await;
        world.fault("token revoked");
        let influx = world.influx.clone();
        blocking(move || influx.replace_token()).await?;
        world.ended(sync).await?;
        // With the old token a sync ends at once, and says what the customer can do about it.
        let ended = world.sync(&platform, &[]).await?;
        let task = ended.report.as_ref().map(|report| report["tasks"].to_string());
        let names_it = task.unwrap_or_default().to_lowercase().contains("token");
        ensure!(
            !ended.succeeded() && (names_it || ended.text.to_lowercase().contains("token")),
            "a sync with a revoked token says: {}",
            ended.text
        );
        let token = world.influx.token().context("InfluxDB has no token")?;
        platform.set("token", token.expose())?;
    }
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
