//! Reads what Python gives: the configuration and the state.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

use crate::text::cut;

/// The texts of a configuration, which may be any mapping: SDKs before 2.10 give a map of
/// protobuf's.
///
/// # Errors
///
/// A sentence that says what is no text, without the value, which may be a token.
pub(crate) fn texts(
    configuration: &Bound<'_, PyAny>,
) -> PyResult<Result<BTreeMap<String, String>, String>> {
    let Ok(mapping) = configuration.cast::<PyMapping>() else {
        return Ok(Err(format!(
            "The configuration must be a dict of texts, and is of type {}.",
            type_name(configuration)
        )));
    };
    let mut texts = BTreeMap::new();
    for item in mapping.items()?.iter() {
        let (key, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
        let (Ok(key), Some(value)) = (key.cast::<PyString>(), text(&value)) else {
            return Ok(Err(cut(format!(
                "The configuration's value of {} is of type {}, but must be a text; put it in \
                 quotes.",
                key.repr()?,
                type_name(&value)
            ))));
        };
        texts.insert(key.to_string_lossy().into_owned(), value);
    }
    Ok(Ok(texts))
}

fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    value.cast::<PyString>().ok().map(|text| text.to_string_lossy().into_owned())
}

/// The text of a state, which Python has parsed already; none if it is empty.
///
/// # Errors
///
/// A sentence that says why it is no state.
pub(crate) fn state(state: &Bound<'_, PyAny>) -> PyResult<Result<Option<String>, String>> {
    if state.is_none() {
        return Ok(Ok(None));
    }
    let Ok(dict) = state.cast::<PyDict>() else {
        return Ok(Err(format!(
            "The saved state must be a dict, and is of type {}. Run a full re-sync of the \
             connection, which starts without a state.",
            type_name(state)
        )));
    };
    if dict.is_empty() {
        return Ok(Ok(None));
    }
    match state.py().import("json")?.call_method1("dumps", (dict,)) {
        Ok(text) => Ok(Ok(Some(text.extract()?))),
        Err(_) => Ok(Err("The saved state holds what is no JSON. Run a full re-sync of the \
             connection, which starts without a state."
            .to_owned())),
    }
}

fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string())
}
