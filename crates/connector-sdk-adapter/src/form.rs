//! The setup form as data: Python makes the SDK's form of it, where no engine can be loaded too.

use serde_json::{Value, json};
use sync_config::{Field, Kind, Requirement};
use sync_core::SetupTest;

/// The form with these fields and tests as a JSON document, indented and with a line break at its
/// end, so that it can be kept in a file.
///
/// The SDK's forms have neither default values nor uploads: defaults are told in the descriptions,
/// and a file is a text.
#[must_use]
pub fn form_json(fields: &[&Field], tests: &[SetupTest]) -> String {
    let fields: Vec<_> = fields.iter().map(|field| form_field(field)).collect();
    let tests: Vec<_> =
        tests.iter().map(|test| json!({"name": test.name, "label": test.label})).collect();
    format!("{:#}\n", json!({"fields": fields, "tests": tests}))
}

fn form_field(field: &Field) -> Value {
    let mut description = field.description.to_owned();
    if matches!(field.kind, Kind::Upload { .. }) {
        description.push_str(" Paste the whole text of the file here.");
    }
    if let Requirement::Default(value) = field.requirement {
        description.push_str(&format!(" Empty means `{value}`."));
    }
    let kind = match field.kind {
        Kind::Text | Kind::Upload { .. } => "text",
        Kind::Secret => "password",
        Kind::Toggle => "toggle",
        Kind::Choice(_) => "choice",
    };
    let mut shown = json!({
        "kind": kind,
        "name": field.name,
        "label": field.label,
        "description": description,
        "required": field.requirement == Requirement::Required,
    });
    // The SDK's toggles show no placeholder.
    if let (Some(placeholder), false) = (field.placeholder, matches!(field.kind, Kind::Toggle)) {
        shown["placeholder"] = placeholder.into();
    }
    if let Kind::Choice(options) = field.kind {
        let options = options().into_iter().map(|option| {
            json!({
                "value": option.value,
                "label": option.label,
                "description": option.description,
            })
        });
        shown["options"] = options.collect();
    }
    shown
}
