//! Checks claims of the documents.

use std::fs;
use std::path::{Path, PathBuf};

use influx_source::FIELDS;
use snapbox::{Data, IntoData, assert_data_eq};

/// What surrounds the table that is made of the fields.
const BEGIN: &str =
    "<!-- Made of the code: `SNAPSHOTS=overwrite cargo test --workspace -- documents` -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_fields_are_documented_as_the_form_and_the_parser_know_them() {
    let path = root().join("docs/configuration.md");
    let text = read(&path);
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let table = sync_config::markdown(FIELDS);
    let made = format!("{before}{BEGIN}{table}{END}{after}");
    assert_data_eq!(made.into_data().raw(), Data::read_from(&path, None).raw());
}

#[test]
fn the_code_map_has_a_line_for_each_crate() {
    let map = read(&root().join("crates/README.md"));
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(map.contains(&format!("| `{name}` |")), "crates/README.md: {name} is missing");
        }
    }
}

#[test]
fn the_readme_is_short_and_begins_with_the_two_commands() {
    let readme = read(&root().join("README.md"));
    assert!(readme.len() <= 8 * 1024, "README.md has {} bytes", readme.len());
    let place = |command: &str| readme.find(command).unwrap_or(usize::MAX);
    let other = place("configuration.json");
    assert!(place("\ncargo xtask demo ") < other && place("\ncargo test --workspace ") < other);
}

/// Documents for people, those of fixtures included.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "crates", "docs", "fixtures", "fixtures/contract"];
    let mut found = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| is_markdown(path)));
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The texts and the targets of a document's links to what lies in this repository.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices("](").filter_map(|(at, _)| {
        let label = text[..at].rsplit('[').next()?;
        let target = text[at + 2..].split(')').next()?;
        (!target.contains("://") && !target.starts_with("mailto:")).then_some((label, target))
    })
}

#[test]
fn links_lead_somewhere_and_tests_that_are_linked_are_in_the_file() {
    let mut tests = 0;
    for document in documents() {
        let text = read(&document);
        for (label, target) in links(&text) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            assert!(path.exists(), "{}: {target} is missing", document.display());
            if !heading.is_empty() {
                let anchors = read(&path).lines().filter_map(anchor).collect::<Vec<_>>();
                assert!(
                    anchors.iter().any(|anchor| anchor == heading),
                    "{}: {target} is missing among {anchors:?}",
                    document.display()
                );
            }
            // A label that is a name in code names the test that the file holds.
            let name = label.strip_prefix('`').and_then(|label| label.strip_suffix('`'));
            let is_test = |name: &&str| target.ends_with(".rs") && !name.contains(['/', '.']);
            if let Some(name) = name.filter(is_test) {
                tests += 1;
                assert!(
                    read(&path).contains(&format!("fn {name}(")),
                    "{}: {name} is not in {target}",
                    document.display()
                );
            }
        }
    }
    assert!(tests > 10, "only {tests} tests are linked");
}

/// The anchor that a heading has on the pages of a host of repositories.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?.to_lowercase();
    let kept = |character: &char| character.is_alphanumeric() || " -_".contains(*character);
    Some(heading.chars().filter(kept).map(|it| if it == ' ' { '-' } else { it }).collect())
}
