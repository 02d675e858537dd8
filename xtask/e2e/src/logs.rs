//! What containers have said, kept in files.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::engine::Engine;

/// Keeps what a container has said, and what the engine tells of it, in files that bear its name without a prefix.
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
    let name = name.strip_prefix(prefix).unwrap_or(name);
    fs::write(directory.join(format!("{name}.json")), description)?;
    fs::write(directory.join(format!("{name}.log")), engine.logs(container).await?)?;
    Ok(())
}
