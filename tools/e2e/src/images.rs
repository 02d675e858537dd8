//! The images of the stack: built from this workspace, or taken as they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use comfy_table::CellAlignment;
use xtask::program;

use crate::console::Console;
use crate::engine::Engine;
use crate::image::Image;
use crate::libraries;

/// What is tried where no other image of InfluxDB is asked for.
const INFLUXDB: &str = "influxdb:3-core";
/// The tag of images that are to stay.
pub(crate) const KEPT: &str = "kept";
/// What a container with a clock of its own has preloaded.
pub(crate) const FAKETIME: &str = "/usr/lib/faketime.so";
/// Where Debian and Ubuntu, Fedora, and Arch put it.
const FAKETIME_FOUND: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
];

/// The images' names.
#[derive(Clone)]
pub(crate) struct Images {
    pub(crate) influxdb: String,
    /// Whether that is the fake.
    pub(crate) is_fake: bool,
    pub(crate) connector: String,
    pub(crate) platform: String,
    /// This program.
    pub(crate) tools: String,
    /// Whether the images have a library for clocks of their own.
    pub(crate) faketime: bool,
}

/// Chooses InfluxDB's image: a name, or nothing for the fake.
pub(crate) async fn influxdb(engine: &Engine, asked: Option<&str>) -> Result<Option<String>> {
    let image = asked.unwrap_or(INFLUXDB);
    if engine.inspect_image(image).await.is_some() {
        return Ok(Some(image.to_owned()));
    }
    match engine.pull(image).await {
        Ok(()) => Ok(Some(image.to_owned())),
        Err(_) if asked.is_none() => Ok(None),
        Err(error) => Err(error).with_context(|| format!("there is no image {image}")),
    }
}

/// Builds the programs, makes an image of each with this tag, and shows them.
pub(crate) async fn build(
    engine: &Engine,
    tag: &str,
    influxdb: Option<String>,
    console: &Console,
) -> Result<Images> {
    console.say("cargo build --release -p fivetran_source");
    program::run(&mut program::cargo(["build", "--release", "-p", "fivetran_source"]))?;
    // With the whole workspace's features, so that what the tests have built is not built again.
    let binaries = ["influx-fake", "fivetran-tester"].map(|name| ["--bin", name]).concat();
    program::run(&mut program::cargo(["build", "--workspace"].into_iter().chain(binaries)))?;

    let target = program::target();
    let faketime = FAKETIME_FOUND.iter().map(Path::new).find(|path| path.exists());
    let is_fake = influxdb.is_none();
    let made = [
        ("connector", target.join("release/fivetran_source")),
        ("platform", target.join("debug/fivetran-tester")),
        ("influx-fake", target.join("debug/influx-fake")),
        ("tools", env::current_exe()?),
    ];
    let mut names = BTreeMap::new();
    for (name, executable) in made {
        let image = image(&executable, faketime)?;
        let tagged = format!("influxdb3-fivetran/{name}:{tag}");
        engine.load(image.archive(&tagged)?).await?;
        names.insert(name, tagged);
    }
    let mut name = |of: &str| names.remove(of).unwrap_or_default();
    let images = Images {
        connector: name("connector"),
        platform: name("platform"),
        tools: name("tools"),
        influxdb: influxdb.unwrap_or_else(|| name("influx-fake")),
        is_fake,
        faketime: faketime.is_some(),
    };
    console.say(&table(engine, &images).await?);
    Ok(images)
}

fn image(executable: &Path, faketime: Option<&Path>) -> Result<Image> {
    let mut files = libraries::of(executable)?;
    if let Some(library) = faketime {
        files.extend(libraries::of(library)?);
        files.insert(PathBuf::from(FAKETIME), fs::read(library)?);
    }
    let name = executable.file_name().context("an executable without a name")?.to_string_lossy();
    let entrypoint = format!("/{name}");
    files.insert(PathBuf::from(&entrypoint), stripped(executable)?);
    Ok(Image { files, directories: vec!["/data", "/tls", "/small", "/tmp"], entrypoint })
}

/// An executable without what only a debugger reads, which is most of a development build.
fn stripped(executable: &Path) -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let copy = directory.path().join("stripped");
    let strip = Command::new("strip").arg("-o").arg(&copy).arg(executable).status();
    match strip {
        Ok(status) => {
            ensure!(status.success(), "strip {} ended with {status}", executable.display());
            Ok(fs::read(copy)?)
        }
        // A machine with another linker: the image is larger, and as good.
        Err(_) => Ok(fs::read(executable)?),
    }
}

async fn table(engine: &Engine, images: &Images) -> Result<String> {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["image", "size", "user", "id"]);
    for name in [&images.influxdb, &images.connector, &images.platform, &images.tools] {
        let found = engine.inspect_image(name).await.with_context(|| format!("{name} is gone"))?;
        let size = format!("{:.1} MB", found.size.unwrap_or_default() as f64 / 1e6);
        let user = found.config.and_then(|config| config.user).unwrap_or_default();
        let id: String = found.id.unwrap_or_default().chars().take(19).collect();
        table.add_row([name.clone(), size, user, id]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    Ok(table.trim_fmt())
}
