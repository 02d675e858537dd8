//! What a column is, as InfluxDB 3 lists it and as it marks it in an answer.

use arrow_schema::Field;
use influx_flight as flight;
use sync_engine::{ColumnInfo, ColumnType, Role, TableInfo};

/// The key under which InfluxDB 3 says in an answer what a column is, and how it calls a tag and
/// the time.
const MARK: &str = "iox::column::type";
const TAG: &str = "iox::column_type::tag";
const TIMESTAMP: &str = "iox::column_type::timestamp";

/// A table as the list of columns describes it.
pub(crate) fn table(listed: flight::TableInfo) -> TableInfo {
    let column = |column: flight::ColumnInfo| ColumnInfo {
        name: column.name,
        role: match column.role {
            flight::Role::Tag => Role::Tag,
            flight::Role::Field => Role::Field,
            flight::Role::Time => Role::Time,
        },
        data_type: match column.data_type {
            flight::ColumnType::Arrow(data_type) => ColumnType::Arrow(data_type),
            flight::ColumnType::Unknown(text) => ColumnType::Unknown(text),
        },
    };
    TableInfo { name: listed.name, columns: listed.columns.into_iter().map(column).collect() }
}

/// What a column of an answer is, where it is marked.
pub(crate) fn role(field: &Field) -> Option<Role> {
    Some(match field.metadata().get(MARK)?.as_str() {
        TAG => Role::Tag,
        TIMESTAMP => Role::Time,
        _ => Role::Field,
    })
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field};
    use sync_engine::Role;

    use super::{MARK, role};

    #[test]
    fn a_mark_says_what_a_column_is() {
        for (mark, expected) in [
            (Some("iox::column_type::tag"), Some(Role::Tag)),
            (Some("iox::column_type::timestamp"), Some(Role::Time)),
            (Some("iox::column_type::field::string"), Some(Role::Field)),
            (None, None),
        ] {
            let metadata = mark.map(|mark| (MARK.to_owned(), mark.to_owned()));
            let field = Field::new("name", DataType::Utf8, true);
            let field = field.with_metadata(metadata.into_iter().collect());
            assert_eq!(role(&field), expected, "{mark:?}");
        }
    }
}
