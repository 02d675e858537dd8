//! Whether `cargo xtask demo` and `cargo test --workspace` share one build of all that is not ours.
//!
//! A crate whose features differ between the two is compiled twice, with everything above it: a
//! newcomer would wait for the query engine twice. Cargo names every file that a build consists of,
//! also those that were there before, and the name of a file changes with what it was compiled
//! with. So the two lists can be compared in any target directory, an empty one or not.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::program::{self, DEMO};

/// The compiled files of each package that is not ours.
type Files = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check() -> Result<()> {
    let demo = build(&[&["build"], &DEMO[..]].concat())?;
    ensure!(!demo.is_empty(), "cargo names no file of the demo");
    let tests = build(&["test", "--workspace", "--no-run"])?;
    let twice = compiled_again(&demo, &tests);
    ensure!(
        twice.is_empty(),
        "the tests compile again what the demo has compiled, with other features (`cargo tree \
         --edges features` tells who asks for them): {}",
        twice.join(", ")
    );
    println!(
        "{} packages of others are compiled for the demo, and none again for the tests",
        demo.len()
    );
    Ok(())
}

/// Builds, and gives what the build consists of.
fn build(arguments: &[&str]) -> Result<Files> {
    let mut command = program::cargo(arguments);
    files(&program::output(command.arg("--message-format=json"))?)
}

/// What cargo's messages, a line each, tell of packages that do not lie in this directory.
fn files(messages: &str) -> Result<Files> {
    let mut files = Files::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cargo said what is no JSON")?;
        let package = message["package_id"].as_str().unwrap_or_default();
        if message["reason"] != "compiler-artifact" || package.starts_with("path+") {
            continue;
        }
        let names = message["filenames"].as_array().into_iter().flatten();
        let names = names.filter_map(Value::as_str).map(str::to_owned);
        files.entry(package.to_owned()).or_default().extend(names);
    }
    Ok(files)
}

/// The packages of the first build for which the second one has files that the first one does not
/// have.
fn compiled_again<'a>(first: &'a Files, second: &Files) -> Vec<&'a str> {
    let again = first.iter().filter(|(package, files)| {
        second.get(*package).is_some_and(|others| !others.is_subset(files))
    });
    again.map(|(package, _)| package.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::{compiled_again, files};

    fn artifact(package: &str, file: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"{package}","filenames":["{file}"]}}"#
        )
    }

    #[test]
    fn a_package_with_another_file_is_compiled_again() {
        let demo =
            [artifact("registry+x#a@1", "liba-1.rlib"), artifact("registry+x#b@1", "libb-1.rlib")];
        let tests = [
            artifact("registry+x#a@1", "liba-1.rlib"),
            artifact("registry+x#b@1", "libb-2.rlib"),
            // What the demo does not need at all, and what is ours.
            artifact("registry+x#c@1", "libc-1.rlib"),
            artifact("path+file:///d#1", "libd-2.rlib"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let (demo, tests) = (files(&demo.join("\n")).unwrap(), files(&tests.join("\n")).unwrap());
        assert_eq!(compiled_again(&demo, &tests), ["registry+x#b@1"]);
        assert!(compiled_again(&demo, &demo).is_empty());
    }
}
