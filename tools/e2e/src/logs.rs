//! What containers have said, kept in files.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::engine::Engine;

/// Keeps a container's output and its description in files of its name without a prefix.
///
/// Keeps the files of an earlier container of the same name, and numbers those of this one.
pub(crate) async fn keep(
    engine: &Engine,
    container: &str,
    prefix: &str,
    directory: &Path,
) -> Result<()> {
    fs::create_dir_all(directory)?;
    let description = engine.describe(container).await?;
    let found: Value = serde_json::from_str(&description)?;
    // The engine writes a name as a path.
    let name = found["Name"].as_str().unwrap_or(container).trim_start_matches('/');
    let name = unused(name.strip_prefix(prefix).unwrap_or(name), directory);
    fs::write(directory.join(format!("{name}.json")), description)?;
    fs::write(directory.join(format!("{name}.log")), engine.logs(container).await?)?;
    Ok(())
}

/// A name of which the directory has no files yet.
fn unused(name: &str, directory: &Path) -> String {
    let (mut unused, mut number) = (name.to_owned(), 1);
    while directory.join(format!("{unused}.json")).exists() {
        number += 1;
        unused = format!("{name}.{number}");
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_container_of_a_name_gets_a_number() {
        let directory = tempfile::tempdir().unwrap();
        for expected in ["influxdb", "influxdb.2", "influxdb.3"] {
            let name = unused("influxdb", directory.path());
            assert_eq!(name, expected);
            fs::write(directory.path().join(format!("{name}.json")), "{}").unwrap();
        }
        assert_eq!(unused("connector", directory.path()), "connector");
    }
}
