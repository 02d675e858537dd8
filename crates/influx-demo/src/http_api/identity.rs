//! What every answer over HTTP says of the server; answers to queries over gRPC say none of it.

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

/// Adds the cluster to every answer, refusals among them, and the release for those who may ask.
pub(super) async fn introduce(
    State(state): State<Arc<ServerState>>,
    request: Request,
    next: Next,
) -> Response {
    let granted = state.tokens.check(request.headers()) == Access::Granted;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Some(cluster) = state.cluster_uuid() {
        say(headers, CLUSTER, &cluster.to_string());
    }
    if granted {
        say(headers, VERSION, &state.options.release.to_string());
        say(headers, BUILD, "Core");
    }
    response
}

/// The texts are those of a UUID and of a version, which every header can hold.
fn say(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
