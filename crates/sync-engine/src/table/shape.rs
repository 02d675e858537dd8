//! What the columns of a measurement are, so that an answer can be held against what was planned.

use std::collections::BTreeMap;

use arrow_schema::{Field, Schema};
use sync_core::DataType;

use crate::time_series::{ColumnInfo, ColumnType, Role, TimeSeries};

/// What the columns of a measurement are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape(BTreeMap<String, Kind>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tag,
    /// The time, or a field: the natural type, if there is one.
    Value(Option<DataType>),
}

impl Shape {
    /// As the list of columns says.
    pub(crate) fn new(columns: &[ColumnInfo]) -> Self {
        let kind = |column: &ColumnInfo| match (&column.role, &column.data_type) {
            (Role::Tag, _) => Kind::Tag,
            (Role::Field | Role::Time, ColumnType::Arrow(arrow_type)) => {
                Kind::Value(arrow_rows::column_type(arrow_type))
            }
            (Role::Field | Role::Time, ColumnType::Unknown(_)) => Kind::Value(None),
        };
        Self(columns.iter().map(|column| (column.name.clone(), kind(column))).collect())
    }

    /// Whether an answer with all columns has these columns and no others.
    ///
    /// Only the database tells a tag from a text, as both are sent as such; one that does not say
    /// what a column is, is believed.
    pub(crate) fn is_that_of(&self, database: &impl TimeSeries, schema: &Schema) -> bool {
        self.is(schema, |field| database.role(field))
    }

    fn is(&self, schema: &Schema, role: impl Fn(&Field) -> Option<Role>) -> bool {
        schema.fields().len() == self.0.len()
            && schema.fields().iter().all(|field| {
                let expected = self.0.get(field.name());
                expected.is_some_and(|kind| *kind == found(field, role(field), *kind))
            })
    }
}

/// What a column of an answer is, where it is expected to be `expected`.
fn found(field: &Field, role: Option<Role>, expected: Kind) -> Kind {
    let natural = arrow_rows::column_type(field.data_type());
    match role {
        Some(Role::Tag) => Kind::Tag,
        None if expected == Kind::Tag && natural == Some(DataType::String) => Kind::Tag,
        _ => Kind::Value(natural),
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::time_series::{ColumnInfo, ColumnType, Role};
    use arrow::datatypes::{DataType, Field, Schema};

    fn expected() -> Shape {
        let column = |name: &str, role, data_type| ColumnInfo {
            name: name.to_owned(),
            role,
            data_type: ColumnType::Arrow(data_type),
        };
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        Shape::new(&[
            column("host", Role::Tag, dictionary),
            column("load", Role::Field, DataType::Float64),
        ])
    }

    fn text(name: &str) -> Field {
        Field::new(name, DataType::Utf8, true)
    }

    /// Columns, and what the database says that they are.
    #[track_caller]
    fn check(columns: &[(Field, Option<Role>)], expect: bool) {
        let fields: Vec<_> = columns.iter().map(|(field, _)| field.clone()).collect();
        let role = |field: &Field| columns.iter().find(|(other, _)| other == field)?.1;
        assert_eq!(expected().is(&Schema::new(fields), role), expect);
    }

    #[test]
    fn an_answer_has_the_columns_that_were_listed_or_is_of_another_table() {
        let load = || (Field::new("load", DataType::Float64, true), Some(Role::Field));
        let tag = |name| (text(name), Some(Role::Tag));
        check(&[load(), tag("host")], true);
        check(&[load(), (text("host"), None)], true);
        check(&[load(), tag("host"), tag("rack")], false);
        check(&[load()], false);
        check(&[(Field::new("load", DataType::Int64, true), None), tag("host")], false);
        check(&[tag("load"), tag("host")], false);
        check(&[load(), (text("host"), Some(Role::Field))], false);
    }
}
