//! Parses a configuration, as Fivetran sends it.
#![no_main]

use influx_source::{FIELDS, InfluxConfig};
use libfuzzer_sys::fuzz_target;
use sync_config::{Config, Parsed, Requirement, parse};

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
            let was_known =
                |name: &str| InfluxConfig::REMOVED.iter().any(|field| field.name == name);
            let removed = typed.keys().filter(|name| was_known(name)).count();
            // Ten are named, and the rest is counted.
            let unknown = typed.keys().filter(|name| !is_known(name) && !was_known(name)).count();
            // One of them may be of a value that is too large.
            let others = warnings.len() - removed - unknown.min(11);
            assert!(others <= usize::from(is_set("audit_days")), "{warnings:?}");
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
