//! The Rust files of this repository, for the tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file.
#[derive(Clone)]
pub(crate) struct Source {
    /// Its path from the repository's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap()
}

/// All files below a folder of the repository whose name ends with `extension`.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && entry.file_name().is_none_or(|name| name != "target") {
                open.push(entry);
            } else if entry.extension().is_some_and(|found| found == extension) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

/// All Rust files below a folder of the repository.
pub(crate) fn below(folder: &str) -> Vec<Source> {
    let root = root();
    let source = |path: PathBuf| Source {
        path: slashed(path.strip_prefix(&root).unwrap()),
        text: fs::read_to_string(&path).unwrap(),
    };
    files(folder, "rs").into_iter().map(source).collect()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("/")
}
