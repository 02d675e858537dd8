//! The functions of Fivetran's Python package, looked up once for each call.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sync_core::Table;

use crate::error::ConnectorError;
use crate::logs::Line;

/// `Operations` and `Logging` of the SDK, and what of Python goes with them.
#[derive(Debug)]
pub(crate) struct Sdk {
    pub(crate) upsert: Py<PyAny>,
    checkpoint: Py<PyAny>,
    /// Added in 2.8.3.
    truncate: Option<Py<PyAny>>,
    /// Added in 2.11.0, as `error` was.
    warning: Option<Py<PyAny>>,
    error: Option<Py<PyAny>>,
    logging: Py<PyAny>,
    loads: Py<PyAny>,
}

impl Sdk {
    /// Imports the SDK.
    pub(crate) fn import(py: Python<'_>) -> PyResult<Self> {
        let sdk = py.import("fivetran_connector_sdk")?;
        let operations = sdk.getattr("Operations")?;
        let newer = |name| operations.getattr_opt(name).map(|found| found.map(Bound::unbind));
        Ok(Self {
            upsert: operations.getattr("upsert")?.unbind(),
            checkpoint: operations.getattr("checkpoint")?.unbind(),
            truncate: newer("truncate")?,
            warning: newer("warning")?,
            error: newer("error")?,
            logging: sdk.getattr("Logging")?.unbind(),
            loads: py.import("json")?.getattr("loads")?.unbind(),
        })
    }

    /// Sends a state, which is a JSON object.
    pub(crate) fn checkpoint(&self, py: Python<'_>, state: &str) -> PyResult<()> {
        let state = self.loads(py, state)?;
        self.checkpoint.bind(py).call1((state,)).map(drop)
    }

    /// Marks all rows of a table as deleted.
    pub(crate) fn truncate(&self, py: Python<'_>, table: &Table) -> PyResult<()> {
        let Some(truncate) = &self.truncate else {
            return Err(ConnectorError::new_err(
                "This fivetran_connector_sdk cannot truncate a table, which a re-sync needs: \
                 version 2.8.3 or newer is needed.",
            ));
        };
        truncate.bind(py).call((&table.name,), schema_argument(py, table)?.as_ref()).map(drop)
    }

    /// Tells the customer something; in the log where the SDK has no warnings.
    pub(crate) fn warn(&self, py: Python<'_>, message: &str) -> PyResult<()> {
        match &self.warning {
            Some(warning) => warning.bind(py).call1((message,)).map(drop),
            None => self.log(py, &Line::warning(message)),
        }
    }

    pub(crate) fn has_tasks(&self) -> bool {
        self.error.is_some()
    }

    /// Makes a task for the customer. `update()` has to return after it.
    pub(crate) fn task(&self, py: Python<'_>, message: &str) -> PyResult<()> {
        match &self.error {
            Some(error) => error.bind(py).call1((message,)).map(drop),
            None => Err(ConnectorError::new_err(message.to_owned())),
        }
    }

    /// Writes a line to the log. One that cannot be written is left out: the SDK refuses lines
    /// until it serves, and a log must not end a sync.
    pub(crate) fn log(&self, py: Python<'_>, line: &Line) -> PyResult<()> {
        match self.logging.bind(py).call_method1(line.method(), (&line.text,)) {
            // An interruption may happen to come in here.
            Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The Python value of a JSON document.
    pub(crate) fn loads<'py>(&self, py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
        self.loads.bind(py).call1((json,))
    }
}

/// The argument that names a table's schema; none where there are no schemas, since older SDKs do
/// not know it.
pub(crate) fn schema_argument<'py>(
    py: Python<'py>,
    table: &Table,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(schema) = &table.schema else { return Ok(None) };
    let arguments = PyDict::new(py);
    arguments.set_item("schema", schema)?;
    Ok(Some(arguments))
}
