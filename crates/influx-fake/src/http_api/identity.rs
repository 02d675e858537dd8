//! The headers that identify the server. They are in every answer over HTTP, and in none over gRPC.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::auth::Access;
use crate::state::ServerState;

const CLUSTER: HeaderName = HeaderName::from_static("cluster-uuid");
const VERSION: HeaderName = HeaderName::from_static("x-influxdb-version");
const BUILD: HeaderName = HeaderName::from_static("x-influxdb-build");

/// Adds the cluster to every answer, also to refusals, and the release to authorized ones.
pub(super) async fn add_headers(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let granted = state.tokens.check(request.headers()) == Access::Granted;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Some(cluster) = state.cluster_uuid() {
        set(headers, CLUSTER, &cluster.to_string());
    }
    if granted {
        set(headers, VERSION, &state.options.release.to_string());
        set(headers, BUILD, "Core");
    }
    response
}

/// Sets a header to a UUID or a version, which are always valid values.
fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
