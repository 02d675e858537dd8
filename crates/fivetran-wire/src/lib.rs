//! Fivetran's Partner SDK v2, as both sides know it: messages, method paths, limits and naming.
//!
//! The messages are plain [`prost`] types, written by hand from the public description of the
//! protocol, so that they need no `.proto` file and no `protoc`. They have the protocol's names, so
//! that its guides can be read beside this crate. A source connector is the server of the four
//! [`method`]s, and Fivetran is the client. [`naming`] tells how Fivetran names tables and columns
//! in a warehouse.
//!
//! ```
//! use fivetran_wire::{Checkpoint, UpdateResponse, update_response::Operation};
//! use prost::Message;
//!
//! let response = UpdateResponse {
//!     operation: Some(Operation::Checkpoint(Checkpoint { state_json: "{}".to_owned() })),
//! };
//! let bytes = response.encode_to_vec();
//! assert_eq!(UpdateResponse::decode(bytes.as_slice())?, response);
//! # Ok::<(), prost::DecodeError>(())
//! ```
//!
//! Maps are ordered, so that equal messages have equal bytes. A `oneof` is an enum in the module of
//! its message. An enum field is an `i32`, with an accessor of the same name.

mod form;
pub mod limit;
pub mod method;
pub mod naming;
mod schema;
mod test;
mod update;
mod value;

pub use form::{
    ConditionalFields, ConfigurationFormRequest, ConfigurationFormResponse, ConfigurationTest,
    DescriptiveDropDownField, DescriptiveDropDownFields, DropdownField, FormField, TextField,
    ToggleField, UploadField, VisibilityCondition, form_field, visibility_condition,
};
pub use prost_types::Timestamp;
pub use schema::{
    Column, DataType, DataTypeParams, DecimalParams, Schema, SchemaList, SchemaRequest,
    SchemaResponse, Table, TableList, data_type_params, schema_response,
};
pub use test::{TestRequest, TestResponse, test_response};
pub use update::{
    Checkpoint, Record, RecordType, Records, SchemaChange, SchemaSelection, Selection,
    TableSelection, TablesWithNoSchema, TablesWithSchema, Task, UpdateRequest, UpdateResponse,
    Warning, schema_change, selection, update_response,
};
pub use value::{ValueType, value_type};
