//! The texts of warnings and tasks.

use serde::Deserialize;

/// The form that Fivetran's Connector SDK gives to such a text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrapped {
    message: String,
    trace: Option<String>,
}

/// What the customer reads. A trace follows the message in lines of its own. A text in any other
/// form, as the Partner SDK has it, stays as it is.
pub(crate) fn text(sent: String) -> String {
    // A list would be read as the fields in their order.
    if !sent.starts_with('{') {
        return sent;
    }
    match serde_json::from_str(&sent) {
        Ok(Wrapped { message, trace: None }) => message,
        Ok(Wrapped { message, trace: Some(trace) }) => format!("{message}\n{trace}"),
        Err(_) => sent,
    }
}
