//! Types that a customer chose for columns.

use std::collections::BTreeMap;

use sync_core::DataType;

/// Types by `column` or `table.column`, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ColumnTypes {
    by_key: BTreeMap<String, DataType>,
}

/// Two keys that give one column two types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict<'a> {
    pub(crate) keys: [(&'a str, DataType); 2],
}

impl ColumnTypes {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let typed: BTreeMap<String, String> = serde_json::from_str(text).map_err(|error| {
            format!("but must be a JSON object from column to type, such as {{\"ants\": \"INT\"}} ({error})")
        })?;
        let by_key = typed
            .into_iter()
            .map(|(key, name)| match data_type(&name) {
                Some(data_type) => Ok((key, data_type)),
                None => Err(format!("but {name:?} (of {key:?}) is no type; the types are {NAMES}")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { by_key })
    }

    /// The type chosen for a column of a measurement, if there is one.
    ///
    /// A name may hold dots, so a key is compared whole: with the column's name, and with both names joined.
    pub(crate) fn of(
        &self,
        measurement: &str,
        column: &str,
    ) -> Result<Option<DataType>, Conflict<'_>> {
        let everywhere = self.by_key.get_key_value(column);
        let here = self.by_key.get_key_value(format!("{measurement}.{column}").as_str());
        match (everywhere, here) {
            (Some((general, one)), Some((special, other))) if one != other => {
                Err(Conflict { keys: [(general, *one), (special, *other)] })
            }
            (one, other) => Ok(other.or(one).map(|(_, data_type)| *data_type)),
        }
    }

    /// The keys that concern a measurement, also those for columns that it may get later, so that a new column is no change of settings.
    ///
    /// A key with a dot may be meant for another measurement: it concerns this one if it starts with its name, or is one of `columns`.
    pub(crate) fn concerning<'a>(
        &'a self,
        measurement: &'a str,
        columns: impl Iterator<Item = &'a str> + Clone,
    ) -> impl Iterator<Item = (&'a str, DataType)> {
        let concerns = move |key: &str| {
            let special = key.strip_prefix(measurement).is_some_and(|rest| rest.starts_with('.'));
            special || !key.contains('.') || columns.clone().any(|column| column == key)
        };
        let keys = self.by_key.iter().map(|(key, data_type)| (key.as_str(), *data_type));
        keys.filter(move |(key, _)| concerns(key))
    }

    /// The keys that belong to none of these columns, given as measurement and column.
    pub(crate) fn unused<'a>(
        &'a self,
        columns: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> impl Iterator<Item = &'a str> {
        self.by_key.keys().map(String::as_str).filter(move |key| {
            !columns.clone().any(|(measurement, column)| {
                *key == column
                    || key
                        .strip_prefix(measurement)
                        .and_then(|rest| rest.strip_prefix('.'))
                        .is_some_and(|rest| rest == column)
            })
        })
    }
}

const NAMES: &str = "BOOLEAN, SHORT, INT, LONG, DECIMAL(precision,scale), FLOAT, DOUBLE, NAIVE_DATE, \
    NAIVE_DATETIME, UTC_DATETIME, BINARY, STRING and JSON";

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
    use super::{ColumnTypes, data_type};
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
    fn a_key_names_a_column_everywhere_or_of_one_table() {
        let types = ColumnTypes::parse(
            r#"{"ants":"INT","zoo.bees":"SHORT","a.b.c":"STRING","zoo.ants":"LONG"}"#,
        )
        .unwrap();
        assert_eq!(types.of("census", "ants"), Ok(Some(DataType::Int)));
        assert_eq!(types.of("zoo", "bees"), Ok(Some(DataType::Short)));
        assert_eq!(types.of("census", "bees"), Ok(None));
        assert_eq!(types.of("a", "b.c"), Ok(Some(DataType::String)));
        assert_eq!(types.of("a.b", "c"), Ok(Some(DataType::String)));
        let conflict = types.of("zoo", "ants").unwrap_err();
        assert_eq!(conflict.keys, [("ants", DataType::Int), ("zoo.ants", DataType::Long)]);
    }

    #[test]
    fn names_the_keys_that_belong_to_no_column() {
        let types =
            ColumnTypes::parse(r#"{"ants":"INT","zoo.bees":"SHORT","wasps":"INT","zoo.":"INT"}"#)
                .unwrap();
        let columns = [("zoo", "bees"), ("census", "ants")];
        assert_eq!(types.unused(columns.into_iter()).collect::<Vec<_>>(), ["wasps", "zoo."]);
    }
}
