//! Values for `$name` and `$1`, as a ticket carries them.

use std::collections::HashMap;

use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::scalar::ScalarValue;
use serde_json::{Map, Number, Value};

/// The parameters of one query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(HashMap<String, ScalarValue>);

impl Params {
    /// Takes strings, numbers, booleans and nulls; a list or an object is refused with the name that it bears.
    pub(crate) fn parse(params: Map<String, Value>) -> Result<Self, String> {
        let values = params.into_iter().map(|(name, value)| match scalar(value) {
            Some(value) => Ok((name, value)),
            None => Err(name),
        });
        values.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn values(&self) -> ParamValues {
        let values = self
            .0
            .iter()
            .map(|(name, value)| (name.clone(), ScalarAndMetadata::from(value.clone())));
        ParamValues::Map(values.collect())
    }
}

fn scalar(value: Value) -> Option<ScalarValue> {
    Some(match value {
        Value::Null => ScalarValue::Null,
        Value::Bool(value) => ScalarValue::Boolean(Some(value)),
        Value::String(value) => ScalarValue::Utf8(Some(value)),
        Value::Number(number) => number_scalar(&number),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// A whole number that is not negative is unsigned, which then compares with no time: so does the real server.
fn number_scalar(number: &Number) -> ScalarValue {
    match (number.as_u64(), number.as_i64()) {
        (Some(unsigned), _) => ScalarValue::UInt64(Some(unsigned)),
        (None, Some(signed)) => ScalarValue::Int64(Some(signed)),
        (None, None) => ScalarValue::Float64(number.as_f64()),
    }
}
