//! What both sides of Fivetran's Partner SDK v2 agree on: messages, method paths, limits and names.
//!
//! The messages are plain [`prost`] types, written by hand from the protocol's public description, so that no `.proto` file and no
//! `protoc` is needed. Names are the protocol's own, so that its guides can be read beside this crate. Source connectors are the
//! server of the four [`method`]s; Fivetran is the client. What Fivetran then calls tables and columns in a warehouse is [`naming`].
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
//! Conventions: a map is ordered, so that encoding is repeatable; a one-of is an enum in the module of its message; an enum field is
//! an open `i32`, read with the accessor of its name.

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
