//! `cargo xtask dist`: builds as Fivetran does, in an empty target directory, and checks the
//! result.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::{program, sbom};

/// Crates that the submission must not have: the query engine of the fake InfluxDB, and the
/// warehouse of `connector debug`.
const UNWANTED: [&str; 2] = ["datafusion", "rusqlite"];

pub(crate) fn run() -> Result<()> {
    let shipped = sbom::shipped()?;
    for unwanted in UNWANTED {
        ensure!(
            !shipped.iter().any(|(name, _)| name.starts_with(unwanted)),
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
    // A line is `name => path (address)`, or `name (address)`. Only the name is the same on all
    // machines.
    let names: Vec<_> =
        libraries.lines().filter_map(|line| line.split_whitespace().next()).collect();
    println!("shared libraries: {}", names.join(", "));
    for &name in &names {
        ensure!(is_of_libc(name), "{} links to {name}", executable.display());
    }

    let dist = program::target().join("dist");
    fs::create_dir_all(&dist)?;
    let kept = dist.join(name(&executable));
    fs::copy(&executable, &kept)?;
    let (bill, components) = sbom::write(&dist)?;
    println!("bill of materials: {components} components, in CycloneDX");
    println!("kept in {}: {}, {}", dist.display(), name(&kept), name(&bill));
    Ok(())
}

/// Libraries that an executable may link to, without versions and architectures: libc, and what
/// comes with it or with the compiler.
const LIBRARIES: [&str; 5] = ["linux-vdso", "libgcc_s", "libm", "libc", "ld-linux"];

/// Whether every machine has a library, such as `libm.so.6` or `/lib64/ld-linux-x86-64.so.2`.
fn is_of_libc(library: &str) -> bool {
    let file = library.rsplit('/').next().unwrap_or(library);
    let stem = file.split(".so").next().unwrap_or(file);
    LIBRARIES.contains(&stem) || stem.starts_with("ld-linux-")
}

/// Whether Fivetran's pipeline takes a file for an executable: it may be run, and is neither a
/// library nor a list of dependencies.
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

#[cfg(test)]
mod tests {
    use super::is_of_libc;

    #[test]
    fn nothing_but_libc_and_its_companions_may_be_linked() {
        for library in ["linux-vdso.so.1", "libgcc_s.so.1", "libm.so.6", "libc.so.6"] {
            assert!(is_of_libc(library), "{library}");
        }
        for loader in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"] {
            assert!(is_of_libc(loader), "{loader}");
        }
        for library in ["libssl.so.3", "libcrypto.so.3", "libmagic.so.1", "libstdc++.so.6"] {
            assert!(!is_of_libc(library), "{library}");
        }
    }
}
