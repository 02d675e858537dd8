//! `cargo xtask dist`: Fivetran's build, in an empty target directory, what it leaves, and what is in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::{program, sbom};

/// What the submission must not carry: the query engine of the look-alike, and the warehouse of `connector debug`.
const UNWANTED: [&str; 2] = ["datafusion", "rusqlite"];

pub(crate) fn run() -> Result<()> {
    let tree = program::output(&mut program::cargo([
        "tree",
        "--package",
        "fivetran_source",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ]))?;
    for unwanted in UNWANTED {
        ensure!(
            !tree.lines().any(|line| line.starts_with(unwanted)),
            "fivetran_source depends on {unwanted}"
        );
    }
    println!("fivetran_source depends on none of: {}", UNWANTED.join(", "));

    let parent = program::target();
    fs::create_dir_all(&parent)?;
    let target = tempfile::Builder::new().prefix("dist-").tempdir_in(parent)?;
    println!("cargo build --release -p fivetran_source, in an empty target directory ...");
    let started = Instant::now();
    program::run(
        program::cargo(["build", "--release", "-p", "fivetran_source"])
            .env("CARGO_TARGET_DIR", target.path()),
    )?;
    println!("built in {} s", started.elapsed().as_secs());

    let executable = match executables(&target.path().join("release"))?.as_slice() {
        [only] => only.clone(),
        found => bail!("one executable was expected, and there are {}: {found:?}", found.len()),
    };
    let bytes = fs::metadata(&executable)?.len();
    println!("one executable: {}, {:.1} MB", name(&executable), bytes as f64 / 1e6);
    let libraries = program::output(Command::new("ldd").arg(&executable))?;
    // A line is `name => path (address)`, or `name (address)`: the name is what any machine has in common.
    let names: Vec<_> =
        libraries.lines().filter_map(|line| line.split_whitespace().next()).collect();
    println!("shared libraries: {}", names.join(", "));

    let dist = program::target().join("dist");
    fs::create_dir_all(&dist)?;
    let kept = dist.join(name(&executable));
    fs::copy(&executable, &kept)?;
    let (bill, components) = sbom::write(&dist)?;
    println!("bill of materials: {components} components, in CycloneDX");
    println!("kept in {}: {}, {}", dist.display(), name(&kept), name(&bill));
    Ok(())
}

/// What Fivetran's pipeline takes for an executable: a file that may be run, and is neither a library nor a list of dependencies.
fn executables(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(directory).with_context(|| format!("{} is missing", directory.display()))?
    {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let is_library =
            entry.path().extension().is_some_and(|extension| extension == "so" || extension == "d");
        if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 && !is_library {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
