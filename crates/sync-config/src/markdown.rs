//! The table of fields, as documentation.

use std::fmt::Write;

use crate::field::{Field, Kind, Requirement};

/// The fields as a Markdown table: name, whether it is needed, what it does.
#[must_use]
pub fn markdown(fields: &[&Field]) -> String {
    let mut text = String::from("| field | needed | meaning |\n|---|---|---|\n");
    for field in fields {
        let needed = match field.requirement {
            Requirement::Required => "yes".to_owned(),
            Requirement::Optional => "no".to_owned(),
            Requirement::Default(value) => format!("no; `{value}`"),
        };
        let options = match field.kind {
            Kind::Choice(options) => options()
                .iter()
                .map(|option| format!(" `{}`: {}", option.value, option.description))
                .collect(),
            Kind::Text | Kind::Secret | Kind::Toggle | Kind::Upload { .. } => String::new(),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "| `{}` | {needed} | {}{options} |", field.name, field.description);
    }
    text
}
