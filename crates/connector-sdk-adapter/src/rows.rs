//! Rows of one table as dicts.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use sync_core::{RowError, Table, Value};

use crate::cell::{CellError, Conversion, Convert, Misfit, PythonType};
use crate::sdk::schema_argument;

/// What is decided once for a table: the names of its columns as Python has them, interned, and how
/// each column is converted.
#[derive(Debug)]
pub(crate) struct TableWriter {
    table: Table,
    name: Py<PyString>,
    schema: Option<Py<PyDict>>,
    columns: Vec<(Py<PyString>, Convert)>,
}

/// Why a row was not made.
#[derive(Debug)]
pub(crate) enum RowFailure {
    Row(RowError),
    Raised(PyErr),
}

impl TableWriter {
    pub(crate) fn new(py: Python<'_>, table: &Table) -> PyResult<Self> {
        let columns = table.columns.iter().map(|column| {
            let name = PyString::intern(py, &column.name).unbind();
            (name, PythonType::of(column.data_type).converter())
        });
        Ok(Self {
            table: table.clone(),
            name: PyString::intern(py, &table.name).unbind(),
            schema: schema_argument(py, table)?.map(Bound::unbind),
            columns: columns.collect(),
        })
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The table's name, as the SDK's first argument.
    pub(crate) fn name<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyString> {
        self.name.bind(py)
    }

    /// The SDK's keyword arguments.
    pub(crate) fn schema<'a, 'py>(&'a self, py: Python<'py>) -> Option<&'a Bound<'py, PyDict>> {
        self.schema.as_ref().map(|schema| schema.bind(py))
    }

    /// A row as a dict: always a new one, since an old one, overwritten, is no faster.
    pub(crate) fn row<'py>(
        &self,
        conversion: &Conversion<'_, 'py>,
        values: &[Value<'_>],
    ) -> Result<Bound<'py, PyDict>, RowFailure> {
        let row = PyDict::new(conversion.py);
        for ((index, (name, convert)), value) in self.columns.iter().enumerate().zip(values) {
            let cell = convert(conversion, *value).map_err(|error| self.failure(index, error))?;
            row.set_item(name.bind(conversion.py), cell).map_err(RowFailure::Raised)?;
        }
        Ok(row)
    }

    fn failure(&self, column: usize, error: CellError) -> RowFailure {
        match error {
            CellError::Raised(error) => RowFailure::Raised(error),
            CellError::Misfit(Misfit { value, reason }) => RowFailure::Row(RowError {
                table: self.table.name.clone(),
                column: self.table.columns[column].name.clone(),
                value,
                reason: reason.to_owned(),
            }),
        }
    }
}
