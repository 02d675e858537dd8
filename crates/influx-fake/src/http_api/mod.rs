//! The HTTP side: writes of all three versions, SQL as JSON or CSV, and the server's identity.

mod identity;
mod problem;
mod query;
mod token;
mod write;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::Access;
use crate::state::ServerState;
use crate::store::INTERNAL;
use problem::problem;

/// Larger bodies are refused.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

pub(crate) fn router(state: Arc<ServerState>) -> Router {
    let ping = get(ping).head(|| async { StatusCode::NOT_FOUND });
    Router::new()
        .route("/ping", ping)
        .route("/health", get(|| async { "OK" }))
        .route("/write", post(write::v1))
        .route("/api/v2/write", post(write::v2))
        .route("/api/v3/write_lp", post(write::v3))
        .route("/api/v3/query_sql", get(query::get).post(query::post))
        .route("/api/v3/configure/database", get(databases))
        .route(token::ADMIN, post(token::create))
        .route("/api/v3/configure/token/admin/regenerate", post(token::regenerate))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found") })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), authorize))
        .layer(middleware::from_fn_with_state(state.clone(), identity::add_headers))
        .with_state(state)
}

/// Checks the token on every path, also on `/ping` and on unknown ones, except where the first
/// token is created.
async fn authorize(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    match state.tokens.check(request.headers()) {
        _ if request.uri().path() == token::ADMIN => next.run(request).await,
        Access::Granted => next.run(request).await,
        Access::Unknown => problem(StatusCode::UNAUTHORIZED, "the request was not authenticated"),
        Access::Expired => problem(StatusCode::FORBIDDEN, "access denied"),
    }
}

async fn ping(State(state): State<Arc<ServerState>>) -> Json<Value> {
    Json(json!({
        "product_name": "InfluxDB 3 Core",
        "version": state.options.release.to_string(),
        "revision": "influx-fake",
        "process_id": state.process_id.to_string(),
    }))
}

#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    show_deleted: bool,
}

async fn databases(
    State(state): State<Arc<ServerState>>,
    Query(listing): Query<Listing>,
) -> Json<Value> {
    let names = [INTERNAL.to_owned()].into_iter().chain(state.store.databases());
    let entries = names.map(|name| match listing.show_deleted {
        false => json!({ "iox::database": name }),
        true => json!({ "iox::database": name, "deleted": false }),
    });
    Json(entries.collect())
}
