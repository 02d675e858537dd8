//! The bill of materials of what ships: every crate that is compiled into it, in CycloneDX's JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::program;

/// The version that is installed where there is none.
const CARGO_CYCLONEDX: &str = "0.5.9";
const PACKAGE: &str = "fivetran_source";

/// Writes the bill into `directory`; gives its path and the number of its components.
pub(crate) fn write(directory: &Path) -> Result<(PathBuf, usize)> {
    program::install("cyclonedx", CARGO_CYCLONEDX)?;
    // The command writes beside each manifest, so it is given manifests of its own.
    let sources = tempfile::tempdir()?;
    for name in ["Cargo.toml", "Cargo.lock", "crates", "xtask"] {
        copy(&program::root().join(name), &sources.path().join(name))?;
    }
    let package = sources.path().join("crates").join(PACKAGE);
    program::run(
        program::cargo(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5"])
            .args(["--no-build-deps", "--no-default-features"])
            .args(["--override-filename", PACKAGE, "--manifest-path"])
            .arg(package.join("Cargo.toml")),
    )?;
    let text = fs::read_to_string(package.join(format!("{PACKAGE}.json")))
        .context("no bill was written")?
        // Where it was made is nobody's business.
        .replace(&sources.path().display().to_string(), ".");
    let mut bill: Value = serde_json::from_str(&text)?;
    let components = keep(&mut bill, &shipped()?)?;
    let path = directory.join(format!("{PACKAGE}.cdx.json"));
    fs::write(&path, serde_json::to_string_pretty(&bill)?)?;
    Ok((path, components))
}

/// Every crate that is compiled into what ships, with its version.
pub(crate) fn shipped() -> Result<BTreeSet<(String, String)>> {
    let tree = program::output(&mut program::cargo([
        "tree",
        "--package",
        PACKAGE,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]))?;
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    });
    Ok(crates.filter(|(name, _)| name != PACKAGE).collect())
}

/// Takes out of a bill what does not ship: it was made of the whole workspace, where crates have
/// features that only tests ask for. Gives the number of components that are left.
fn keep(bill: &mut Value, shipped: &BTreeSet<(String, String)>) -> Result<usize> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let components = bill["components"].as_array_mut().context("the bill lists no components")?;
    components.retain(|it| shipped.contains(&(text(it, "name"), text(it, "version"))));
    let count = components.len();
    ensure!(
        count == shipped.len(),
        "the bill has {count} of the {} crates that ship",
        shipped.len()
    );
    let mut kept: BTreeSet<_> = components.iter().map(|it| text(it, "bom-ref")).collect();
    kept.insert(text(&bill["metadata"]["component"], "bom-ref"));
    let dependencies = bill["dependencies"].as_array_mut().context("no dependencies are listed")?;
    dependencies.retain(|it| kept.contains(&text(it, "ref")));
    for on in dependencies.iter_mut().filter_map(|it| it.get_mut("dependsOn")?.as_array_mut()) {
        on.retain(|it| it.as_str().is_some_and(|it| kept.contains(it)));
    }
    Ok(count)
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
