//! Creates the admin token without authorization, and regenerates it.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use blake3::Hash;
use chrono::{SecondsFormat, Utc};
use http::StatusCode;
use serde_json::json;

use super::problem::problem;
use crate::state::ServerState;

/// The path that creates the first token, and so needs none.
pub(super) const ADMIN: &str = "/api/v3/configure/token/admin";

/// Creates the first admin token. From then on every call needs it.
pub(super) async fn create(State(state): State<Arc<ServerState>>) -> Response {
    if state.tokens.are_needed() {
        return problem(StatusCode::CONFLICT, "token already exists");
    }
    answer(state.replace_admin_token())
}

/// Replaces the admin token that the call came with.
pub(super) async fn regenerate(State(state): State<Arc<ServerState>>) -> Response {
    if !state.tokens.are_needed() {
        return problem(StatusCode::NOT_FOUND, "there is no token to regenerate");
    }
    answer(state.replace_admin_token())
}

fn answer(made: io::Result<(String, Hash)>) -> Response {
    match made {
        Ok((token, hash)) => {
            let body = json!({
                "id": 0,
                "name": "_admin",
                "token": token,
                "hash": hash.to_hex().as_str(),
                "created_at": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
                "expiry": null,
            });
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
