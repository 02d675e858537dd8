//! Reads a configuration file, which holds what a customer would type into the form.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;

/// What a customer typed into the form, by field name.
pub type Configuration = BTreeMap<String, String>;

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// There is no such file, or it is not text.
    #[error("cannot read the configuration file {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// It is not JSON.
    #[error("the configuration file {file} is not JSON")]
    NotJson {
        /// The file.
        file: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// It is JSON, but no object.
    #[error(
        "the configuration file {file} must hold a JSON object, \
         such as {{\"hostname\": \"localhost:8181\"}}"
    )]
    NotAnObject {
        /// The file.
        file: String,
    },
    /// A field's value is not text.
    #[error("`{field}` in the configuration file {file} must be a text in quotes")]
    NotText {
        /// The file.
        file: String,
        /// The field.
        field: String,
    },
}

/// Reads a JSON object of texts.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn read_configuration(file: &Path) -> Result<Configuration, ConfigurationError> {
    let shown = || file.display().to_string();
    let text = fs::read_to_string(file)
        .map_err(|source| ConfigurationError::Unreadable { file: shown(), source })?;
    let fields = serde_json::from_str(&text)
        .map_err(|source| ConfigurationError::NotJson { file: shown(), source })?;
    let Value::Object(fields) = fields else {
        return Err(ConfigurationError::NotAnObject { file: shown() });
    };
    let text = |(field, value)| match value {
        Value::String(text) => Ok((field, text)),
        // Fivetran sends all values as text, so accept what people write without quotes.
        Value::Bool(_) | Value::Number(_) => Ok((field, value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(ConfigurationError::NotText { file: shown(), field })
        }
    };
    fields.into_iter().map(text).collect()
}
