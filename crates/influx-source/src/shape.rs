//! What the columns of a measurement are, so that an answer can be held against what was planned.

use std::collections::BTreeMap;

use arrow_schema::{Field, Schema};
use influx_flight::{ColumnInfo, ColumnType, Role};
use sync_core::DataType;

use crate::plant::{Defect, is_planted};

/// What the columns of a measurement are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape(BTreeMap<String, Kind>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tag,
    /// The time, or a field: the natural type, if there is one.
    Value(Option<DataType>),
}

/// The key under which InfluxDB 3 says what a column is, and how it calls a tag.
const MARK: &str = "iox::column::type";
const TAG: &str = "iox::column_type::tag";

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

    /// Whether the answer to `SELECT *` has these columns and no others.
    ///
    /// Only the mark tells a tag from a text, as both are sent as such; a server that does not mark its columns is believed.
    pub(crate) fn is_that_of(&self, schema: &Schema) -> bool {
        if is_planted(Defect::NewTagsUnnoticed) {
            return self.0.keys().all(|name| schema.field_with_name(name).is_ok());
        }
        let is_same = |kind: &Kind, found: Kind| {
            let is_tag = |kind: &Kind| matches!(kind, Kind::Tag);
            *kind == found
                || (is_planted(Defect::OtherTypesUnnoticed) && is_tag(kind) == is_tag(&found))
        };
        schema.fields().len() == self.0.len()
            && schema.fields().iter().all(|field| {
                self.0.get(field.name()).is_some_and(|kind| is_same(kind, found(field, *kind)))
            })
    }
}

/// What a column of an answer is, where it is expected to be `expected`.
fn found(field: &Field, expected: Kind) -> Kind {
    let natural = arrow_rows::column_type(field.data_type());
    match field.metadata().get(MARK) {
        Some(mark) if mark == TAG => Kind::Tag,
        None if expected == Kind::Tag && natural == Some(DataType::String) => Kind::Tag,
        _ => Kind::Value(natural),
    }
}

#[cfg(test)]
mod tests {
    use super::{MARK, Shape, TAG};
    use arrow::datatypes::{DataType, Field, Schema};
    use influx_flight::{ColumnInfo, ColumnType, Role};

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

    fn tag(name: &str) -> Field {
        Field::new(name, DataType::Utf8, true)
            .with_metadata([(MARK.to_owned(), TAG.to_owned())].into())
    }

    #[track_caller]
    fn check(fields: Vec<Field>, expect: bool) {
        assert_eq!(expected().is_that_of(&Schema::new(fields)), expect);
    }

    #[test]
    fn an_answer_has_the_columns_that_were_listed_or_is_of_another_table() {
        let load = || Field::new("load", DataType::Float64, true);
        check(vec![load(), tag("host")], true);
        check(vec![load(), Field::new("host", DataType::Utf8, true)], true);
        check(vec![load(), tag("host"), tag("rack")], false);
        check(vec![load()], false);
        check(vec![Field::new("load", DataType::Int64, true), tag("host")], false);
        check(vec![tag("load"), tag("host")], false);
        let field = [(MARK.to_owned(), "iox::column_type::field::string".to_owned())];
        check(
            vec![load(), Field::new("host", DataType::Utf8, true).with_metadata(field.into())],
            false,
        );
    }
}
