//! The admin token: the first one is there for the asking, and a new one revokes it.

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

/// Where the first token is made. Nobody can have one before, so none is asked for here.
pub(super) const ADMIN: &str = "/api/v3/configure/token/admin";

/// Makes the first admin token. A look-alike that asked for none begins to ask.
pub(super) async fn create(State(state): State<Arc<ServerState>>) -> Response {
    if state.tokens.are_asked_for() {
        return problem(StatusCode::CONFLICT, "token already exists");
    }
    answer(state.replace_admin_token())
}

/// Makes another admin token in place of the one that was asked with.
pub(super) async fn regenerate(State(state): State<Arc<ServerState>>) -> Response {
    if !state.tokens.are_asked_for() {
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
