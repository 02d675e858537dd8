//! The bill of materials of what ships: every crate that is compiled into it, in CycloneDX's JSON.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::program;

/// The version that is installed where there is none.
const CARGO_CYCLONEDX: &str = "0.5.9";
const PACKAGE: &str = "fivetran_source";

/// Writes the bill into `directory`; gives its path and the number of its components.
pub(crate) fn write(directory: &Path) -> Result<(PathBuf, usize)> {
    program::install("cargo-cyclonedx", CARGO_CYCLONEDX)?;
    // The command writes beside each manifest, so it is given manifests of its own.
    let sources = tempfile::tempdir()?;
    for name in ["Cargo.toml", "Cargo.lock", "crates", "xtask"] {
        copy(&program::root().join(name), &sources.path().join(name))?;
    }
    let package = sources.path().join("crates").join(PACKAGE);
    program::run(
        program::cargo(["cyclonedx", "--quiet", "--format", "json", "--manifest-path"])
            .arg(package.join("Cargo.toml"))
            .args(["--override-filename", PACKAGE]),
    )?;
    let name = format!("{PACKAGE}.json");
    let text = fs::read_to_string(package.join(&name)).context("no bill was written")?;
    let bill: Value = serde_json::from_str(&text)?;
    let components = bill["components"].as_array().context("the bill lists no components")?.len();
    let path = directory.join(format!("{PACKAGE}.cdx.json"));
    fs::write(&path, text)?;
    Ok((path, components))
}

/// Copies a file, or a directory with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
