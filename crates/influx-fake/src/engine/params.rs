//! The values of a query's parameters, as DataFusion takes them.

use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::scalar::ScalarValue;
use serde_json::{Number, Value};

use crate::params::Params;

pub(super) fn values(params: &Params) -> ParamValues {
    let values =
        params.iter().map(|(name, value)| (name.clone(), ScalarAndMetadata::from(scalar(value))));
    ParamValues::Map(values.collect())
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Bool(value) => ScalarValue::Boolean(Some(*value)),
        Value::String(value) => ScalarValue::Utf8(Some(value.clone())),
        Value::Number(number) => number_scalar(number),
        // Lists and objects are refused before they are parameters.
        Value::Null | Value::Array(_) | Value::Object(_) => ScalarValue::Null,
    }
}

/// Makes a whole number unsigned unless it is negative, as the real server does. An unsigned number
/// cannot be compared with a time.
fn number_scalar(number: &Number) -> ScalarValue {
    match (number.as_u64(), number.as_i64()) {
        (Some(unsigned), _) => ScalarValue::UInt64(Some(unsigned)),
        (None, Some(signed)) => ScalarValue::Int64(Some(signed)),
        (None, None) => ScalarValue::Float64(number.as_f64()),
    }
}
