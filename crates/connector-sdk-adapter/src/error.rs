//! The exception that ends a call.

#![allow(missing_docs, reason = "what the macro makes beside the class has no place for a comment")]

pyo3::create_exception!(
    connector_sdk_adapter,
    ConnectorError,
    pyo3::exceptions::PyRuntimeError,
    "The connector failed. The text says why, in a sentence or two."
);
