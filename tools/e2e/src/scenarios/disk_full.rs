//! Fills the platform's disk in mid-sync, then moves all that is on it to a larger one.

use std::io::Read;

use anyhow::{Result, ensure};

use super::End;
use crate::engine::Container;
use crate::world::{CONNECTOR, World};

/// Of the small disk, which holds a part of a first sync.
const KILOBYTES: u64 = 400;

pub(super) async fn play(world: &mut World) -> Result<End> {
    let writers = world.usual().await?;
    let platform = world.platform()?;
    let engine = world.run.engine.clone();

    let volume = world.container("small");
    engine.create_small_volume(&world.run.id, &world.network, &volume, KILOBYTES).await?;
    // Holds the volume while no sync does, for it is gone with its last user.
    let holder = Container {
        name: world.container("holder"),
        image: world.run.images.tools.clone(),
        command: vec!["proxy".to_owned(), "--seed".to_owned(), "0".to_owned()],
        binds: vec![format!("{volume}:/small:nocopy")],
        network: Some((world.network.clone(), "holder".to_owned())),
        ..Container::default()
    };
    engine.start(&world.run.id, &holder).await?;
    // Leave the configuration where it is: the small disk is for the warehouse alone.
    let settings = format!("{}/configuration.json", platform.directory.display());
    let command = [
        ["--connector", &format!("{CONNECTOR}:50051")],
        ["--configuration", "/data/configuration.json"],
        ["--directory", "/small"],
    ];
    let sync = Container {
        name: world.container("platform-small"),
        image: world.run.images.platform.clone(),
        command: command.concat().into_iter().map(str::to_owned).collect(),
        environment: vec!["SQLITE_TMPDIR=/small".to_owned()],
        binds: vec![
            format!("{volume}:/small:nocopy"),
            format!("{settings}:/data/configuration.json:ro"),
        ],
        network: Some((world.network.clone(), "platform-small".to_owned())),
        ..Container::default()
    };
    world.syncs.all += 1;
    engine.start(&world.run.id, &sync).await?;
    let code = engine.wait(&sync.name).await?;
    let said = String::from_utf8_lossy(&engine.logs(&sync.name).await?).into_owned();
    ensure!(code != 0, "a sync found room on a full disk: {said}");
    let is_full = said.contains("full") || said.contains("No space left");
    ensure!(is_full, "a sync into a full disk says: {said}");
    world.syncs.failed += 1;
    world.fault("disk full");

    let archive = engine.download(&holder.name, "/small").await?;
    let mut archive = tar::Archive::new(archive.as_slice());
    let mut moved = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let path = entry.path()?.into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            let name = path.file_name().unwrap_or_default();
            crate::world::write_for_all(&platform.directory.join(name), &bytes)?;
            moved += 1;
        }
    }
    ensure!(moved > 0, "nothing was on the small disk");
    Ok(End::Compared(world.promise(writers, &[platform]).await?))
}
