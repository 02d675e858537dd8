//! Converts tables and columns to Fivetran's messages.

use fivetran_wire::schema_change::Change;
use fivetran_wire::schema_response::Response;
use fivetran_wire::{
    Column, DataType, DataTypeParams, DecimalParams, Schema, SchemaList, SchemaResponse, Table,
    TableList, data_type_params,
};
use sync_core::Catalog;

/// The answer of `Schema`: with schemas, or without, as the catalog is.
pub(crate) fn response(catalog: &Catalog) -> SchemaResponse {
    let response = match catalog {
        Catalog::Tables(tables) => Response::WithoutSchema(table_list(tables)),
        Catalog::Schemas(schemas) => {
            let schema = |schema: &sync_core::Schema| Schema {
                name: schema.name.clone(),
                tables: schema.tables.iter().map(table).collect(),
            };
            Response::WithSchema(SchemaList { schemas: schemas.iter().map(schema).collect() })
        }
    };
    // Set it although it is false. Absent would not tell whether customers may exclude tables and
    // columns.
    SchemaResponse { selection_not_supported: Some(false), response: Some(response) }
}

/// Announces new tables and columns: with schemas, or without, as the tables are. `None` if there
/// are no tables.
pub(crate) fn change(tables: &[sync_core::Table]) -> Option<Change> {
    if tables.is_empty() {
        return None;
    }
    if tables.iter().all(|table| table.schema.is_none()) {
        return Some(Change::WithoutSchema(table_list(tables)));
    }
    let mut schemas: Vec<Schema> = Vec::new();
    for new in tables {
        let name = new.schema.as_deref().unwrap_or_default();
        match schemas.iter_mut().find(|schema| schema.name == name) {
            Some(schema) => schema.tables.push(table(new)),
            None => schemas.push(Schema { name: name.to_owned(), tables: vec![table(new)] }),
        }
    }
    Some(Change::WithSchema(SchemaList { schemas }))
}

fn table_list(tables: &[sync_core::Table]) -> TableList {
    TableList { tables: tables.iter().map(table).collect() }
}

fn table(table: &sync_core::Table) -> Table {
    Table { name: table.name.clone(), columns: table.columns.iter().map(column).collect() }
}

fn column(column: &sync_core::Column) -> Column {
    let (data_type, params) = data_type(column.data_type);
    Column {
        name: column.name.clone(),
        r#type: data_type.into(),
        primary_key: column.primary_key,
        params: params.map(|params| DataTypeParams { params: Some(params) }),
    }
}

fn data_type(data_type: sync_core::DataType) -> (DataType, Option<data_type_params::Params>) {
    use sync_core::DataType as Type;
    let plain = match data_type {
        Type::Decimal { precision, scale } => {
            let params = DecimalParams { precision: precision.into(), scale: scale.into() };
            return (DataType::Decimal, Some(data_type_params::Params::Decimal(params)));
        }
        Type::Boolean => DataType::Boolean,
        Type::Short => DataType::Short,
        Type::Int => DataType::Int,
        Type::Long => DataType::Long,
        Type::Float => DataType::Float,
        Type::Double => DataType::Double,
        Type::NaiveDate => DataType::NaiveDate,
        Type::NaiveDateTime => DataType::NaiveDatetime,
        Type::UtcDateTime => DataType::UtcDatetime,
        Type::Binary => DataType::Binary,
        Type::String => DataType::String,
        Type::Json => DataType::Json,
    };
    (plain, None)
}

#[cfg(test)]
mod tests {
    use fivetran_wire::schema_change::Change;
    use sync_core::{Column, DataType, Table};

    use super::{change, column};

    fn table(schema: Option<&str>, name: &str) -> Table {
        Table { schema: schema.map(str::to_owned), ..Table::new(name, vec![]) }
    }

    #[test]
    fn a_change_has_schemas_if_its_tables_have() {
        assert_eq!(change(&[]), None);
        let Some(Change::WithoutSchema(list)) = change(&[table(None, "a"), table(None, "b")])
        else {
            panic!("tables without a schema");
        };
        assert_eq!(list.tables.len(), 2);
        let tables = [table(Some("x"), "a"), table(Some("y"), "b"), table(Some("x"), "c")];
        let Some(Change::WithSchema(list)) = change(&tables) else {
            panic!("tables with a schema");
        };
        let names: Vec<_> =
            list.schemas.iter().map(|schema| (schema.name.as_str(), schema.tables.len())).collect();
        assert_eq!(names, [("x", 2), ("y", 1)]);
    }

    #[test]
    fn only_decimals_have_details() {
        let check = |data_type, expect: &str| {
            let column = column(&Column::new("c", data_type));
            let details = column.params.clone().and_then(|params| params.params);
            assert_eq!(format!("{:?} {details:?}", column.r#type()), expect);
        };
        check(
            DataType::Decimal { precision: 20, scale: 0 },
            "Decimal Some(Decimal(DecimalParams { precision: 20, scale: 0 }))",
        );
        check(DataType::NaiveDateTime, "NaiveDatetime None");
        check(DataType::Json, "Json None");
    }
}
