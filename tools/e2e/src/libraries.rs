//! The shared libraries that an executable names, and those that these name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use goblin::elf::Elf;

/// Where the dynamic loader looks without a cache, which an image from scratch does not have.
const DIRECTORIES: [&str; 8] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];

/// Finds each library and loader that an executable needs, by the path where the loader looks.
pub(crate) fn of(executable: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![read(executable)?];
    while let Some(bytes) = open.pop() {
        let elf = Elf::parse(&bytes).context("not an executable of this system")?;
        if let Some(loader) = elf.interpreter {
            let loader = PathBuf::from(loader);
            found.entry(loader.clone()).or_insert(read(&loader)?);
        }
        for name in &elf.libraries {
            if seen.insert((*name).to_owned()) {
                let path = find(name)?;
                let library = read(&path)?;
                open.push(library.clone());
                found.insert(path, library);
            }
        }
    }
    Ok(found)
}

fn find(name: &str) -> Result<PathBuf> {
    let paths = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name));
    paths.into_iter().find(|path| path.exists()).with_context(|| {
        format!("the shared library {name} is in none of: {}", DIRECTORIES.join(", "))
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
