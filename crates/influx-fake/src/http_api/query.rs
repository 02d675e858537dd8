//! SQL over plain HTTP: `GET` or `POST /api/v3/query_sql`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::{ArrayWriter, LineDelimitedWriter};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use tonic::Code;

use super::problem::problem;
use crate::engine::QueryError;
use crate::params::Params;
use crate::state::ServerState;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    #[serde(alias = "json_lines")]
    Jsonl,
    Csv,
}

#[derive(Deserialize)]
pub(super) struct JsonQuery {
    db: String,
    q: String,
    #[serde(default)]
    format: Format,
    params: Option<Map<String, Value>>,
}

/// In a query string the parameters are one JSON object.
#[derive(Deserialize)]
pub(super) struct UrlQuery {
    db: String,
    q: String,
    #[serde(default)]
    format: Format,
    params: Option<String>,
}

pub(super) async fn post(
    State(state): State<Arc<ServerState>>,
    Json(asked): Json<JsonQuery>,
) -> Response {
    answer(&state, asked).await.unwrap_or_else(|refusal| refusal)
}

pub(super) async fn get(
    State(state): State<Arc<ServerState>>,
    Query(asked): Query<UrlQuery>,
) -> Response {
    let params = asked.params.as_deref().map(serde_json::from_str).transpose();
    match params {
        Ok(params) => {
            let asked = JsonQuery { db: asked.db, q: asked.q, format: asked.format, params };
            answer(&state, asked).await.unwrap_or_else(|refusal| refusal)
        }
        Err(error) => {
            problem(StatusCode::BAD_REQUEST, format!("params is not a JSON object: {error}"))
        }
    }
}

async fn answer(state: &ServerState, asked: JsonQuery) -> Result<Response, Response> {
    if !state.store.has_database(&asked.db) {
        return Err(problem(StatusCode::NOT_FOUND, format!("database not found: {}", asked.db)));
    }
    let params = Params::parse(asked.params.unwrap_or_default()).map_err(|name| {
        problem(
            StatusCode::BAD_REQUEST,
            format!("parameter '{name}' is neither text, number nor boolean"),
        )
    })?;
    let rows = rows(state, &asked.db, &asked.q, &params).await.map_err(|error| {
        let client = matches!(error.code, Code::InvalidArgument | Code::NotFound);
        problem(
            if client { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR },
            error.message,
        )
    })?;
    let (content_type, body) = match asked.format {
        Format::Json => ("application/json", json(&rows)),
        Format::Jsonl => ("application/jsonl", lines(&rows)),
        Format::Csv => ("text/csv", csv(&rows)),
    };
    let body =
        body.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

async fn rows(
    state: &ServerState,
    database: &str,
    sql: &str,
    params: &Params,
) -> Result<Vec<RecordBatch>, QueryError> {
    let planned = state.engine.plan(database, sql, params).await?;
    planned.execute()?.try_collect().await.map_err(QueryError::running)
}

fn json(rows: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut writer = ArrayWriter::new(Vec::new());
    writer.write_batches(&rows.iter().collect::<Vec<_>>())?;
    writer.finish()?;
    Ok(writer.into_inner())
}

fn lines(rows: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write_batches(&rows.iter().collect::<Vec<_>>())?;
    writer.finish()?;
    Ok(writer.into_inner())
}

fn csv(rows: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut writer = arrow::csv::Writer::new(Vec::new());
    for batch in rows {
        writer.write(batch)?;
    }
    Ok(writer.into_inner())
}
