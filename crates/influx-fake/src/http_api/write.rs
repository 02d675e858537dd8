//! `POST` of line protocol: `/api/v3/write_lp`, `/api/v2/write` and version 1's `/write`.

use std::io::Read;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::Utc;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::problem;
use crate::state::ServerState;
use crate::store::{Acceptance, LineError, Precision, WriteError};

#[derive(Deserialize)]
pub(super) struct V3 {
    db: String,
    precision: Option<String>,
    accept_partial: Option<bool>,
}

pub(super) async fn v3(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<V3>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let acceptance = match query.accept_partial {
        Some(false) => Acceptance::AllOrNothing,
        None | Some(true) => Acceptance::Partial,
    };
    match write(
        &state,
        &query.db,
        query.precision.as_deref().unwrap_or("auto"),
        acceptance,
        &headers,
        &body,
    ) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(Refusal::Request(message)) => problem(StatusCode::BAD_REQUEST, message),
        Err(Refusal::Lines(error)) => {
            let (error, data) = match error {
                WriteError::Partial(lines) => {
                    ("partial write of line protocol occurred", lines.iter().map(line).collect())
                }
                WriteError::Refused(refused) => ("line protocol parsing error", line(&refused)),
                WriteError::NotKept(message) => {
                    return problem(StatusCode::INTERNAL_SERVER_ERROR, message);
                }
            };
            (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "data": data }))).into_response()
        }
    }
}

#[derive(Deserialize)]
pub(super) struct V2 {
    bucket: String,
    precision: Option<String>,
}

pub(super) async fn v2(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<V2>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    compatible(&state, &query.bucket, query.precision.as_deref(), &headers, &body)
}

#[derive(Deserialize)]
pub(super) struct V1 {
    db: String,
    precision: Option<String>,
}

pub(super) async fn v1(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<V1>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    compatible(&state, &query.db, query.precision.as_deref(), &headers, &body)
}

/// Writes as the older paths do: in nanoseconds by default, good lines are kept, and an error is
/// one message.
fn compatible(
    state: &ServerState,
    database: &str,
    precision: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let precision = precision.unwrap_or("ns");
    let message = match write(state, database, precision, Acceptance::Partial, headers, body) {
        Ok(()) => return StatusCode::NO_CONTENT.into_response(),
        Err(Refusal::Request(message)) => message,
        Err(Refusal::Lines(WriteError::NotKept(message))) => {
            return problem(StatusCode::INTERNAL_SERVER_ERROR, message);
        }
        Err(Refusal::Lines(error)) => error.to_string(),
    };
    (StatusCode::BAD_REQUEST, Json(json!({ "code": "invalid", "message": message })))
        .into_response()
}

enum Refusal {
    Request(String),
    Lines(WriteError),
}

fn write(
    state: &ServerState,
    database: &str,
    precision: &str,
    acceptance: Acceptance,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Refusal> {
    if database.is_empty() {
        return Err(Refusal::Request("the name of the database is empty".to_owned()));
    }
    let precision = Precision::parse(precision)
        .ok_or_else(|| Refusal::Request(format!("invalid value for precision: {precision}")))?;
    let body = decoded(headers, body).map_err(Refusal::Request)?;
    let lines = std::str::from_utf8(&body)
        .map_err(|error| Refusal::Request(format!("body is not UTF-8: {error}")))?;
    state.store.write(database, lines, precision, acceptance, Utc::now()).map_err(Refusal::Lines)
}

fn decoded<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<std::borrow::Cow<'a, [u8]>, String> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(body.into()),
        Some(b"gzip") => {
            let mut plain = Vec::new();
            MultiGzDecoder::new(body)
                .read_to_end(&mut plain)
                .map_err(|error| format!("body is not gzip: {error}"))?;
            Ok(plain.into())
        }
        Some(other) => Err(format!("unknown content encoding: {}", String::from_utf8_lossy(other))),
    }
}

fn line(error: &LineError) -> Value {
    json!({
        "error_message": error.message,
        "line_number": error.line_number,
        "original_line": error.original_line,
    })
}
