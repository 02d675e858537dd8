//! Parses a configuration, as Fivetran sends it.
#![no_main]

use influx_source::{FIELDS, InfluxConfig};
use libfuzzer_sys::fuzz_target;
use sync_config::{Parsed, Requirement, parse};

fuzz_target!(|input: &[u8]| {
    let Some(text) = fuzz::text(input) else { return };
    let mut typed = fuzz::configuration(text);
    fuzz::with_secret(&mut typed);
    let is_set = |name: &str| typed.get(name).is_some_and(|value| !value.trim().is_empty());
    let is_known = |name: &str| FIELDS.iter().any(|field| field.name == name);

    let said = match parse::<InfluxConfig>(&typed) {
        Ok(Parsed { config, warnings }) => {
            for field in FIELDS {
                assert!(field.requirement != Requirement::Required || is_set(field.name));
            }
            // Ten are named, and the rest is counted.
            let unknown = typed.keys().filter(|name| !is_known(name)).count();
            assert_eq!(warnings.len(), unknown.min(11));
            format!("{config:?} {warnings:?}")
        }
        Err(problems) => {
            let said = problems.to_string();
            for problem in problems.iter() {
                assert!(is_known(problem.field) && !problem.text.is_empty());
                assert!(said.contains(&format!("`{}` {}", problem.field, problem.text)));
            }
            // Missing fields are named, whatever else is wrong.
            for field in FIELDS.iter().filter(|field| !is_set(field.name)) {
                let is_named = problems.iter().any(|problem| problem.field == field.name);
                assert!(field.requirement != Requirement::Required || is_named);
            }
            said
        }
    };
    assert!(!said.contains(fuzz::SECRET), "{said}");
});
