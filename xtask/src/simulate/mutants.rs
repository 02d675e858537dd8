//! Plays the simulation with engines that are broken on purpose, each in a copy of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context, Result, bail, ensure};

use super::table::{MUTANTS, Mutant};
use crate::program;

/// How many schedules a mutant may survive.
const SCHEDULES: u64 = 6_000;
/// Those that every change has to see caught: one each of windows, checkpoints, late data, owners.
const FEW: [&str; 4] =
    ["HolesBetweenWindows", "IncompletePrefix", "MarkCommittedEarly", "OwnerIgnored"];
/// What mutants are made of.
const SOURCES: &str = "crates/sync-engine/src";

/// Runs a handful of mutants.
pub(crate) fn few() -> Result<()> {
    run(&FEW.map(str::to_owned))
}

/// Runs the mutants of these names, or all, and prints a row for each.
pub(super) fn run(names: &[String]) -> Result<()> {
    let unknown = names.iter().find(|name| MUTANTS.iter().all(|mutant| mutant.name != **name));
    ensure!(unknown.is_none(), "there is no mutant {unknown:?}");
    let is_wanted =
        |mutant: &&Mutant| names.is_empty() || names.iter().any(|of| *of == mutant.name);
    let copy = copy()?;
    let mut survivors = Vec::new();
    for mutant in MUTANTS.iter().filter(is_wanted) {
        let restored = mutate(&copy, mutant)?;
        let found = play(&copy).with_context(|| mutant.name.to_owned());
        for (path, text) in restored {
            fs::write(path, text)?;
        }
        let row = match found? {
            Some(difference) => difference.chars().take(120).collect(),
            None => {
                survivors.push(mutant.name);
                "NOT CAUGHT".to_owned()
            }
        };
        println!("{:<24} {:<7} {row}", mutant.name, mutant.breaks);
    }
    ensure!(survivors.is_empty(), "not caught within {SCHEDULES} schedules: {survivors:?}");
    Ok(())
}

/// Copies what git knows of the workspace into the target directory. What is there already keeps
/// its time of change, so that it is not compiled again.
fn copy() -> Result<PathBuf> {
    let copy = program::target().join("mutants");
    let mut list = Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    for file in program::output(list.current_dir(program::root()))?.lines() {
        let (from, to) = (program::root().join(file), copy.join(file));
        let text = match fs::read(&from) {
            // Deleted, and still known to git.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text.with_context(|| from.display().to_string())?,
        };
        if fs::read(&to).is_ok_and(|before| before == text) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, text).with_context(|| to.display().to_string())?;
    }
    Ok(copy)
}

/// Applies a mutant to the copy. Gives what its files held before.
fn mutate(copy: &Path, mutant: &Mutant) -> Result<Vec<(PathBuf, String)>> {
    let mut before = Vec::new();
    for (file, find, replacement) in mutant.edits {
        let path = copy.join(SOURCES).join(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let found = text.matches(find).count();
        ensure!(found == 1, "{}: {file} has {found} times: {find}", mutant.name);
        fs::write(&path, text.replacen(find, replacement, 1))?;
        before.push((path, text));
    }
    // What one edit of a file has left is what the next one finds: the first is to be restored
    // last.
    before.reverse();
    Ok(before)
}

/// Builds and plays the copy. Gives the difference that it shows.
fn play(copy: &Path) -> Result<Option<String>> {
    let test = |options: &[&str]| {
        let mut command =
            program::cargo(["test", "--workspace", "--test", "simulation", "--quiet"]);
        command.args(options).current_dir(copy);
        // One for all mutants, and never the workspace's own: to cargo the copy is the same
        // workspace, and what it compiles of a mutant would pass for ours.
        command.env("CARGO_TARGET_DIR", program::target().join("mutants-target"));
        command
    };
    let built = test(&["--no-run"]).output()?;
    ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let name = "a_fixed_few_thousand_schedules_keep_the_promise";
    let mut played = test(&[name, "--", "--exact", "--nocapture"]);
    let played = played.env("SIMULATE_SEEDS", SCHEDULES.to_string()).output()?;
    if played.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&played.stderr);
    match text.lines().rev().find(|line| line.starts_with("seed ")) {
        Some(difference) => Ok(Some(difference.to_owned())),
        None => bail!("the simulation failed without a difference: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::{FEW, MUTANTS, SOURCES};
    use crate::program;

    #[test]
    fn what_a_mutant_replaces_is_found_exactly_once() {
        for mutant in MUTANTS {
            for (file, find, _) in mutant.edits {
                let path = program::root().join(SOURCES).join(file);
                let text = fs::read_to_string(path).unwrap();
                assert_eq!(text.matches(find).count(), 1, "{} in {file}: {find}", mutant.name);
            }
        }
    }

    #[test]
    fn names_are_unique_and_those_of_the_few_exist() {
        let names: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), MUTANTS.len());
        assert!(FEW.iter().all(|name| names.contains(name)));
    }
}
