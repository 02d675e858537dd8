//! The server side of the service, which `build.rs` generates.
#![allow(unreachable_pub, clippy::all, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/fivetran_sdk.v2.SourceConnector.rs"));

pub(crate) use source_connector_server::{SourceConnector, SourceConnectorServer};
