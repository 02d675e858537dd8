//! Builds an image from scratch: one layer with the named files, no shell, a numeric user, and all
//! times at the epoch. The same files give the same image, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use crate::engine::LABEL;

/// Nobody, by number: a user needs no name.
pub(crate) const USER: u32 = 65532;

/// What goes into an image.
pub(crate) struct Image {
    /// By absolute path.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Empty directories, to mount something at that anybody may write to.
    pub(crate) directories: Vec<&'static str>,
    /// The executable.
    pub(crate) entrypoint: String,
}

impl Image {
    /// The archive that `docker load` takes, under a name.
    pub(crate) fn archive(&self, name: &str) -> Result<Vec<u8>> {
        let layer = self.layer()?;
        let layer_digest = hex(&layer);
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {
                "User": USER.to_string(),
                "Entrypoint": [self.entrypoint],
                "WorkingDir": "/",
                "Labels": { LABEL: "image" },
            },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_digest}")] },
            "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "cargo xtask e2e" }],
        });
        let config = serde_json::to_vec(&config)?;
        let config_name = format!("{}.json", hex(&config));
        let layer_name = format!("{layer_digest}/layer.tar");
        let manifest: Value =
            json!([{ "Config": config_name, "RepoTags": [name], "Layers": [layer_name] }]);

        let mut archive = Builder::new(Vec::new());
        directory(&mut archive, &layer_digest, 0o755)?;
        file(&mut archive, &layer_name, &layer, 0o644)?;
        file(&mut archive, &config_name, &config, 0o644)?;
        file(&mut archive, "manifest.json", &serde_json::to_vec(&manifest)?, 0o644)?;
        Ok(archive.into_inner()?)
    }

    fn layer(&self) -> Result<Vec<u8>> {
        let relative = |path: &Path| path.strip_prefix("/").unwrap_or(path).to_path_buf();
        let files: BTreeMap<PathBuf, &Vec<u8>> =
            self.files.iter().map(|(path, bytes)| (relative(path), bytes)).collect();
        let mut directories: BTreeSet<PathBuf> =
            self.directories.iter().map(|path| relative(Path::new(path))).collect();
        for path in files.keys() {
            directories.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        }
        let mut layer = Builder::new(Vec::new());
        for path in directories.iter().filter(|path| !path.as_os_str().is_empty()) {
            // A new volume takes over the rights of the place where it is mounted.
            let is_for_all = self.directories.iter().any(|open| relative(Path::new(open)) == *path);
            directory(
                &mut layer,
                &path.to_string_lossy(),
                if is_for_all { 0o1777 } else { 0o755 },
            )?;
        }
        for (path, bytes) in files {
            file(&mut layer, &path.to_string_lossy(), bytes, 0o755)?;
        }
        Ok(layer.into_inner()?)
    }
}

fn directory(archive: &mut Builder<Vec<u8>>, path: &str, mode: u32) -> Result<()> {
    let mut header = header(0, mode);
    header.set_entry_type(EntryType::Directory);
    Ok(archive.append_data(&mut header, format!("{path}/"), std::io::empty())?)
}

fn file(archive: &mut Builder<Vec<u8>>, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
    let mut header = header(bytes.len() as u64, mode);
    Ok(archive.append_data(&mut header, path, bytes)?)
}

/// Of the first second, and of root, whom nobody is in there.
fn header(size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As Docker spells it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(content: &str) -> Vec<u8> {
        let files = BTreeMap::from([
            (PathBuf::from("/lib/b.so"), content.into()),
            (PathBuf::from("/a"), b"a".to_vec()),
        ]);
        let image = Image { files, directories: vec!["/data"], entrypoint: "/a".to_owned() };
        image.archive("name:tag").unwrap()
    }

    #[test]
    fn the_same_files_give_the_same_image() {
        assert_eq!(image("b"), image("b"));
        assert_ne!(image("b"), image("c"));
    }

    #[test]
    fn a_layer_holds_what_it_was_given_and_the_directories_above() {
        let archive = image("b");
        let mut archive = tar::Archive::new(archive.as_slice());
        let mut layer = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap().ends_with("layer.tar") {
                std::io::copy(&mut entry, &mut layer).unwrap();
            }
        }
        let mut layer = tar::Archive::new(layer.as_slice());
        let entries = layer.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 0);
            entry.path().unwrap().to_string_lossy().into_owned()
        });
        assert_eq!(entries.collect::<Vec<_>>(), ["data/", "lib/", "a", "lib/b.so"]);
    }
}
