//! Calls `Update` with any bytes: they pass through the service to a source, and back.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fivetran_adapter::fuzzing::service;
use fivetran_wire::update_response::Operation;
use fivetran_wire::{TableSelection, UpdateRequest, UpdateResponse, method, selection};
use http_body_util::{BodyExt, Full};
use influx_source::InfluxConfig;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use prost::bytes::{Buf, Bytes};
use sync_core::{
    Catalog, CheckpointKind, Column, DataType, Selection, SetupTest, Sink, Source, SyncError,
    SyncRequest, Table,
};
use tonic::body::Body;
use tonic::codegen::{Service, http};

/// A state whose notes are kept as they are.
type State = sync_state::State<serde_json::Map<String, serde_json::Value>>;

fuzz_target!(|input: &[u8]| {
    // The input as it is, which has a gRPC prefix of its own or none.
    let asked = Asked::default();
    let _ = fuzz::run(update(input.to_vec(), asked.clone()));

    // The input as a whole message.
    let Ok(mut request) = UpdateRequest::decode(input) else { return };
    if format!("{request:?}").contains(fuzz::SECRET) {
        return;
    }
    fuzz::with_secret(&mut request.configuration);
    let config = sync_config::parse::<InfluxConfig>(&request.configuration);
    let asked = Asked::default();
    let (said, status) = fuzz::run(update(framed(&request), asked.clone()));
    assert!(!contains(&said, fuzz::SECRET), "{}", String::from_utf8_lossy(&said));
    let operations = operations(said);
    let Ok(config) = config else {
        // The customer gets a task, and nothing is synced.
        assert!(matches!(operations.as_slice(), [Operation::Task(_)]), "{operations:?}");
        assert_eq!((status.as_deref(), asked.take()), (Some("0"), None));
        return;
    };
    let taken = asked.take().expect("a sync was asked for");
    let state = request.state_json.clone().unwrap_or_default();
    assert_eq!(taken.state.clone().unwrap_or_default().trim(), state.trim());
    check_selection(&request, &taken.selection);
    let warnings =
        operations.iter().filter(|operation| matches!(operation, Operation::Warning(_))).count();
    assert_eq!(warnings, config.warnings.len());
    let last = operations.last();
    match State::parse(taken.state.as_deref()) {
        Ok(state) => {
            let Some(Operation::Checkpoint(checkpoint)) = last else { panic!("{operations:?}") };
            assert_eq!(State::parse(Some(&checkpoint.state_json)).expect("a state"), state);
        }
        Err(_) => assert!(matches!(last, Some(Operation::Task(_))), "{operations:?}"),
    }
    assert_eq!(status.as_deref(), Some("0"));
});

/// Whether a name is selected: as its last entry in the list says, or as the list says for new
/// names.
fn check_selection(request: &UpdateRequest, taken: &Selection) {
    let asked = request.selection.as_ref().and_then(|selection| selection.selection.as_ref());
    match asked {
        None => assert_eq!(columns(taken, None, "any", &["any"]), Some(vec!["any".to_owned()])),
        Some(selection::Selection::WithoutSchema(list)) => {
            check_tables(taken, None, &list.tables, list.include_new_tables);
        }
        Some(selection::Selection::WithSchema(list)) => {
            let listed: BTreeMap<_, _> =
                list.schemas.iter().map(|schema| (schema.schema_name.as_str(), schema)).collect();
            for (&name, schema) in &listed {
                if schema.included {
                    check_tables(taken, Some(name), &schema.tables, schema.include_new_tables);
                } else {
                    assert_eq!(columns(taken, Some(name), "any", &["any"]), None);
                }
            }
            let new = unlisted(listed.keys().copied());
            let found = columns(taken, Some(&new), "any", &["any"]);
            assert_eq!(found.is_some(), list.include_new_schemas);
        }
    }
}

/// The tables of one schema, or of a source without schemas.
fn check_tables(
    taken: &Selection,
    schema: Option<&str>,
    list: &[TableSelection],
    include_new: bool,
) {
    let listed: BTreeMap<_, _> =
        list.iter().map(|table| (table.table_name.as_str(), table)).collect();
    for (&name, table) in &listed {
        let new = unlisted(table.columns.keys().map(String::as_str));
        let all = table.columns.iter().map(|(column, included)| (column, *included));
        let all: Vec<_> = all.chain([(&new, table.include_new_columns)]).collect();
        let names: Vec<_> = all.iter().map(|(column, _)| column.as_str()).collect();
        let selected = all.iter().filter(|(_, included)| *included);
        let selected = selected.map(|(column, _)| (*column).clone()).collect();
        let expected = table.included.then_some(selected);
        assert_eq!(columns(taken, schema, name, &names), expected, "{table:?}");
    }
    let new = unlisted(listed.keys().copied());
    assert_eq!(columns(taken, schema, &new, &["any"]).is_some(), include_new);
}

/// Which columns of a table are selected; `None` if the table is not.
fn columns(
    taken: &Selection,
    schema: Option<&str>,
    name: &str,
    columns: &[&str],
) -> Option<Vec<String>> {
    let columns = columns.iter().map(|column| Column::new(*column, DataType::Long)).collect();
    let mut table = Table::new(name, columns);
    table.schema = schema.map(str::to_owned);
    let projected = taken.project(&table).selected()?;
    Some(projected.columns.into_iter().map(|column| column.name).collect())
}

/// A name that is not among these, since it is longer than all of them together.
fn unlisted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.chain(["new"]).collect()
}

/// A source that sends back the request, and the state as a checkpoint.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Option<SyncRequest>>>);

impl Asked {
    fn take(&self) -> Option<SyncRequest> {
        self.0.lock().expect("nobody panicked").take()
    }
}

impl Source for Asked {
    type Config = InfluxConfig;

    fn setup_tests(&self) -> &'static [SetupTest] {
        &[]
    }

    async fn test(&self, _name: &str, _config: &InfluxConfig) -> Result<(), SyncError> {
        Ok(())
    }

    async fn schema(&self, _config: &InfluxConfig) -> Result<Catalog, SyncError> {
        Ok(Catalog::Tables(vec![]))
    }

    async fn sync<S: Sink>(
        &self,
        _config: &InfluxConfig,
        request: SyncRequest,
        sink: &S,
    ) -> Result<(), SyncError> {
        let state = State::parse(request.state.as_deref());
        *self.0.lock().expect("nobody panicked") = Some(request);
        let state = state.map_err(|error| SyncError::setup(error.to_string(), "Re-sync"))?;
        sink.checkpoint(state.to_json(), CheckpointKind::Advances)
            .await
            .map_err(|error| SyncError::bug(error.to_string()))
    }
}

/// Calls the service. Returns all bytes of the answer, and its status.
async fn update(body: Vec<u8>, source: Asked) -> (Vec<u8>, Option<String>) {
    let body = Body::new(Full::new(Bytes::from(body)));
    let request = http::Request::post(method::UPDATE)
        .header("content-type", "application/grpc")
        .body(body)
        .expect("a request");
    let response = service(source).call(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let collected = body.collect().await.expect("a whole answer");
    let trailers = collected.trailers().unwrap_or(&head.headers);
    let status = trailers
        .get("grpc-status")
        .map(|status| status.to_str().expect("a status is a number").to_owned());
    if let Some(message) = trailers.get("grpc-message") {
        assert!(!contains(message.as_bytes(), fuzz::SECRET));
    }
    (collected.to_bytes().to_vec(), status)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A message behind its gRPC prefix.
fn framed(message: &impl Message) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend((message.encoded_len() as u32).to_be_bytes());
    message.encode(&mut bytes).expect("a vector grows");
    bytes
}

/// The messages of an answer.
fn operations(said: Vec<u8>) -> Vec<Operation> {
    let mut rest = Bytes::from(said);
    let mut operations = Vec::new();
    while rest.has_remaining() {
        assert_eq!(rest.get_u8(), 0, "nothing is compressed");
        let length = rest.get_u32() as usize;
        let message = UpdateResponse::decode(rest.split_to(length)).expect("a message");
        operations.push(message.operation.expect("an operation"));
    }
    operations
}
