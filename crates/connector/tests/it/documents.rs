//! Checks claims of the documents.

use influx_source::FIELDS;

const README: &str = include_str!("../../../../README.md");
const CODE_MAP: &str = include_str!("../../../README.md");

#[test]
fn the_readme_lists_the_fields_as_the_form_and_the_parser_know_them() {
    let table = sync_config::markdown(FIELDS);
    assert!(README.contains(&table), "README.md should hold this table:\n\n{table}");
}

#[test]
fn the_code_map_has_a_line_for_each_crate() {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    for entry in std::fs::read_dir(crates).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(
                CODE_MAP.contains(&format!("| `{name}` |")),
                "crates/README.md should have a line for {name}"
            );
        }
    }
}
