//! Serves TLS with a private CA that the customer uploads, with an expired certificate, and with
//! one of another host.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::End;
use crate::certificates::Authority;
use crate::world::{CONNECTOR, INFLUXDB, Unusual, World};

pub(super) async fn play(world: &mut World) -> Result<End> {
    let authority = Authority::new()?;
    let make = |world: &World, name: &str, host: &str, is_expired: bool| {
        authority.certify(&world.directory.join(name), host, is_expired)
    };
    let good = make(world, "tls-good", INFLUXDB, false)?;
    let expired = make(world, "tls-expired", INFLUXDB, true)?;
    let other = make(world, "tls-other", "another-host", false)?;

    let with = |tls| Unusual { tls: Some(tls), ..Unusual::default() };
    world.start_influxdb(&with(good.clone())).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    world.write_history(2_000).await?;
    let writers = world.start_writers();
    let mut platform = world.platform()?;
    platform.set("hostname", format!("https://{INFLUXDB}:8181"))?;

    world.fault("unknown CA");
    refused(world, &platform).await?;
    platform.set("ca_certificate", BASE64_STANDARD.encode(authority.pem()))?;
    world.synced(&platform, &[]).await?;
    for (fault, certificate) in [("certificate expired", expired), ("wrong name", other)] {
        world.fault(fault);
        world.retire(&world.container(INFLUXDB)).await?;
        world.start_influxdb(&with(certificate)).await?;
        refused(world, &platform).await?;
    }
    world.retire(&world.container(INFLUXDB)).await?;
    world.start_influxdb(&with(good)).await?;
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}

/// The sync must fail over the certificate, and bring nothing.
async fn refused(world: &mut World, platform: &crate::sync::Platform) -> Result<()> {
    let ended = world.sync(platform, &[]).await?;
    ensure!(
        !ended.succeeded() && ended.rows() == 0 && ended.text.contains("certificate"),
        "a sync over TLS that is not good says: {}",
        ended.text
    );
    Ok(())
}
