//! Types that a customer chose for columns, as they are typed.

use std::collections::BTreeMap;

use sync_core::DataType;
use sync_engine::ColumnTypes;

/// A JSON object from `column` or `table.column` to a type.
pub(crate) fn parse(text: &str) -> Result<ColumnTypes, String> {
    let typed: BTreeMap<String, String> = serde_json::from_str(text).map_err(|error| {
        format!(
            "but must be a JSON object from column to type, such as {{\"ants\": \"INT\"}} ({error})"
        )
    })?;
    typed
        .into_iter()
        .map(|(key, name)| match data_type(&name) {
            Some(data_type) => Ok((key, data_type)),
            None => Err(format!("but {name:?} (of {key:?}) is no type; the types are {NAMES}")),
        })
        .collect()
}

const NAMES: &str = "BOOLEAN, SHORT, INT, LONG, DECIMAL(precision,scale), FLOAT, DOUBLE, \
NAIVE_DATE, NAIVE_DATETIME, UTC_DATETIME, BINARY, STRING and JSON";

fn data_type(name: &str) -> Option<DataType> {
    Some(match name.trim().to_ascii_uppercase().as_str() {
        "BOOLEAN" => DataType::Boolean,
        "SHORT" => DataType::Short,
        "INT" => DataType::Int,
        "LONG" => DataType::Long,
        "FLOAT" => DataType::Float,
        "DOUBLE" => DataType::Double,
        "NAIVE_DATE" => DataType::NaiveDate,
        "NAIVE_DATETIME" => DataType::NaiveDateTime,
        "UTC_DATETIME" => DataType::UtcDateTime,
        "BINARY" => DataType::Binary,
        "STRING" => DataType::String,
        "JSON" => DataType::Json,
        other => return decimal(other),
    })
}

/// `DECIMAL(20,0)`, with at most the 38 digits that warehouses agree on.
fn decimal(name: &str) -> Option<DataType> {
    let inner = name.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
    let (precision, scale) = inner.split_once(',')?;
    let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
    ((1..=38).contains(&precision) && scale <= precision)
        .then_some(DataType::Decimal { precision, scale })
}

#[cfg(test)]
mod tests {
    use super::{data_type, parse};
    use sync_core::DataType;

    #[test]
    fn reads_the_names_of_types() {
        assert_eq!(data_type("INT"), Some(DataType::Int));
        assert_eq!(data_type(" utc_datetime "), Some(DataType::UtcDateTime));
        assert_eq!(
            data_type("decimal(20, 3)"),
            Some(DataType::Decimal { precision: 20, scale: 3 })
        );
        for wrong in [
            "",
            "NUMBER",
            "DECIMAL",
            "DECIMAL(0,0)",
            "DECIMAL(39,0)",
            "DECIMAL(3,4)",
            "DECIMAL(3,4",
            "XML",
        ] {
            assert_eq!(data_type(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_an_object_of_types() {
        assert!(parse(r#"{"ants":"INT","zoo.bees":"SHORT"}"#).is_ok());
        assert!(parse(r#"{"ants":"NUMBER"}"#).unwrap_err().contains("is no type"));
        assert!(parse("[]").unwrap_err().contains("must be a JSON object"));
    }
}
