//! The engine of the Python package `influxdb3_fivetran`: InfluxDB 3 behind the functions that
//! Fivetran's Connector SDK calls. It wires, and does nothing else.

use std::sync::LazyLock;

use connector_sdk_adapter::{Adapter, ConnectorError};
use influx_source::InfluxSource;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The crates whose log lines Fivetran gets, besides those of the adapter.
const LOGGING_CRATES: &[&str] = &["influx_source", "sync_engine"];

static ADAPTER: LazyLock<Adapter<InfluxSource>> =
    LazyLock::new(|| Adapter::new(InfluxSource::default(), LOGGING_CRATES));

#[pyfunction]
fn schema<'py>(py: Python<'py>, configuration: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    ADAPTER.schema(py, &configuration)
}

#[pyfunction]
fn update(
    py: Python<'_>,
    configuration: Bound<'_, PyAny>,
    state: Bound<'_, PyAny>,
) -> PyResult<()> {
    ADAPTER.update(py, &configuration, &state)
}

/// Runs a setup test. Returns why it failed, or nothing.
#[pyfunction]
fn test(py: Python<'_>, name: &str, configuration: Bound<'_, PyAny>) -> PyResult<Option<String>> {
    ADAPTER.test(py, name, &configuration)
}

#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("ConnectorError", module.py().get_type::<ConnectorError>())?;
    module.add_function(wrap_pyfunction!(schema, module)?)?;
    module.add_function(wrap_pyfunction!(update, module)?)?;
    module.add_function(wrap_pyfunction!(test, module)?)
}
