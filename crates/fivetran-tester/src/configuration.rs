//! The configuration file.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use fivetran_tester::Configuration;
use serde_json::Value;

/// Reads a JSON object of texts.
pub(crate) fn read(file: &Path) -> anyhow::Result<Configuration> {
    let shown = file.display();
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read the configuration file {shown}"))?;
    let Value::Object(fields) = serde_json::from_str(&text)
        .with_context(|| format!("the configuration file {shown} is not JSON"))?
    else {
        bail!(
            "the configuration file {shown} must hold a JSON object, such as {{\"hostname\": \"localhost:8181\"}}"
        );
    };
    let text = |(field, value)| match value {
        Value::String(text) => Ok((field, text)),
        // Fivetran sends everything as text; what a person writes without quotes means the same.
        Value::Bool(_) | Value::Number(_) => Ok((field, value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            bail!("`{field}` in the configuration file {shown} must be a text in quotes")
        }
    };
    fields.into_iter().map(text).collect()
}
