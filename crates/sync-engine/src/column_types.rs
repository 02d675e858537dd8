//! Types that a customer chose for columns.

use std::collections::BTreeMap;

use sync_core::DataType;

/// Types by `column` or `table.column`, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnTypes {
    by_key: BTreeMap<String, DataType>,
}

/// Two keys that give one column two types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict<'a> {
    pub(crate) keys: [(&'a str, DataType); 2],
}

impl ColumnTypes {
    /// The type chosen for a column of a measurement, if there is one.
    ///
    /// A name may hold dots, so a key is compared whole: with the column's name, and with both
    /// names joined.
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

    /// The type chosen for a column of a measurement, if there is one, and only one.
    #[must_use]
    pub fn chosen(&self, measurement: &str, column: &str) -> Option<DataType> {
        self.of(measurement, column).ok().flatten()
    }

    /// The keys that concern a measurement, also those for columns that it may get later, so that a
    /// new column is no change of settings.
    ///
    /// A key with a dot may be meant for another measurement: it concerns this one if it starts
    /// with its name, or is one of `columns`.
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

impl FromIterator<(String, DataType)> for ColumnTypes {
    fn from_iter<T: IntoIterator<Item = (String, DataType)>>(types: T) -> Self {
        Self { by_key: types.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::ColumnTypes;
    use sync_core::DataType;

    fn types(typed: &[(&str, DataType)]) -> ColumnTypes {
        typed.iter().map(|&(key, data_type)| (key.to_owned(), data_type)).collect()
    }

    #[test]
    fn a_key_names_a_column_everywhere_or_of_one_table() {
        let types = types(&[
            ("ants", DataType::Int),
            ("zoo.bees", DataType::Short),
            ("a.b.c", DataType::String),
            ("zoo.ants", DataType::Long),
        ]);
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
        let types = types(&[
            ("ants", DataType::Int),
            ("zoo.bees", DataType::Short),
            ("wasps", DataType::Int),
            ("zoo.", DataType::Int),
        ]);
        let columns = [("zoo", "bees"), ("census", "ants")];
        assert_eq!(types.unused(columns.into_iter()).collect::<Vec<_>>(), ["wasps", "zoo."]);
    }
}
