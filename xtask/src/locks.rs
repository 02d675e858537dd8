//! Whether the tools are built of the same versions as what they measure: they are a workspace of
//! their own, with a lock of its own, and a lock that is left behind would measure something else.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::program;

/// The versions of each crate of others.
type Versions = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check() -> Result<()> {
    let ours = versions("Cargo.toml")?;
    let tools = versions("tools/Cargo.toml")?;
    let apart = apart(&ours, &tools);
    ensure!(apart.is_empty(), "tools/Cargo.lock has other versions: {}", apart.join(", "));
    println!("the two locks name the same versions of all that they share");
    Ok(())
}

/// What a workspace's lock names, which has to be up to date.
fn versions(manifest: &str) -> Result<Versions> {
    let metadata = program::output(&mut program::cargo([
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--manifest-path",
        manifest,
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let mut versions = Versions::new();
    for package in metadata["packages"].as_array().context("cargo names no packages")? {
        // What is ours has no source.
        if let (Some(name), Some(version), Some(_)) =
            (package["name"].as_str(), package["version"].as_str(), package["source"].as_str())
        {
            versions.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    Ok(versions)
}

/// The crates that both have, of which the second has a version that the first has not.
fn apart(first: &Versions, second: &Versions) -> Vec<String> {
    let others = second.iter().flat_map(|(name, versions)| {
        let known = first.get(name);
        let other = versions.iter().filter(move |it| known.is_some_and(|them| !them.contains(*it)));
        other.map(move |version| format!("{name} {version}"))
    });
    others.collect()
}

#[cfg(test)]
mod tests {
    use super::{Versions, apart};

    fn versions(named: &[(&str, &str)]) -> Versions {
        let mut versions = Versions::new();
        for (name, version) in named {
            versions.entry((*name).to_owned()).or_default().insert((*version).to_owned());
        }
        versions
    }

    #[test]
    fn versions_may_be_fewer_and_not_others() {
        let first = versions(&[("syn", "2.0.1"), ("syn", "3.0.0"), ("tonic", "0.14.1")]);
        let second = versions(&[("syn", "2.0.1"), ("tonic", "0.14.2"), ("bollard", "0.21.0")]);
        assert_eq!(apart(&first, &second), ["tonic 0.14.2"]);
    }
}
