//! What `schema()` returns: a dict for each table.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sync_core::{Catalog, DataType, Table};

/// The tables of a catalog as the SDK takes them.
pub(crate) fn tables<'py>(py: Python<'py>, catalog: &Catalog) -> PyResult<Bound<'py, PyList>> {
    let tables: Vec<_> = match catalog {
        Catalog::Tables(tables) => tables.iter().collect(),
        Catalog::Schemas(schemas) => schemas.iter().flat_map(|schema| &schema.tables).collect(),
    };
    let list = PyList::empty(py);
    for listed in tables {
        list.append(table(py, listed)?)?;
    }
    Ok(list)
}

fn table<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    for column in &table.columns {
        match column.data_type {
            DataType::Decimal { precision, scale } => {
                let decimal = PyDict::new(py);
                decimal.set_item("type", "DECIMAL")?;
                decimal.set_item("precision", precision)?;
                decimal.set_item("scale", scale)?;
                columns.set_item(&column.name, decimal)?;
            }
            // The SDK spells the other types as we do.
            plain => columns.set_item(&column.name, plain.to_string())?,
        }
    }
    let key: Vec<_> = table.key().map(|column| column.name.as_str()).collect();
    let dict = PyDict::new(py);
    // SDKs before 2.13.1 know no schemas.
    if let Some(schema) = &table.schema {
        dict.set_item("schema", schema)?;
    }
    dict.set_item("table", &table.name)?;
    dict.set_item("primary_key", key)?;
    dict.set_item("columns", columns)?;
    Ok(dict)
}
