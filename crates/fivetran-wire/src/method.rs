//! The service and its methods, as they are spelt in an HTTP/2 path: `/package.Service/Method`.

/// The protocol's package.
pub const PACKAGE: &str = "fivetran_sdk.v2";
/// The service that a source connector serves.
pub const SERVICE: &str = "SourceConnector";

/// Asks for the setup form.
pub const CONFIGURATION_FORM: &str = "/fivetran_sdk.v2.SourceConnector/ConfigurationForm";
/// Runs one setup test.
pub const TEST: &str = "/fivetran_sdk.v2.SourceConnector/Test";
/// Asks for tables and columns.
pub const SCHEMA: &str = "/fivetran_sdk.v2.SourceConnector/Schema";
/// Runs a sync: answers with a stream.
pub const UPDATE: &str = "/fivetran_sdk.v2.SourceConnector/Update";
