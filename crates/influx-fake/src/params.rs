//! Values for `$name` and `$1`, as a ticket carries them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The parameters of one query: strings, numbers, booleans and nulls, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(BTreeMap<String, Value>);

impl Params {
    /// Accepts single values. Fails with the name of a list or an object.
    pub(crate) fn parse(params: Map<String, Value>) -> Result<Self, String> {
        let values = params.into_iter().map(|(name, value)| match value {
            Value::Array(_) | Value::Object(_) => Err(name),
            scalar => Ok((name, scalar)),
        });
        values.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }
}
