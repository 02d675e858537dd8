//! What the servers share: options, tokens, points, faults, and what tests observe.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use blake3::Hash;
use uuid::Uuid;

use crate::auth::{Tokens, new_token};
use crate::engine::Engine;
use crate::faults::Faults;
use crate::journal::Entry;
use crate::options::Options;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct ServerState {
    pub(crate) options: Options,
    pub(crate) tokens: Tokens,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Engine,
    pub(crate) faults: Faults,
    /// Identifies the process: `/ping` names it.
    pub(crate) process_id: Uuid,
    queries: Mutex<Vec<String>>,
    /// Identifies the server across processes. `None`: it does not tell.
    cluster: Mutex<Option<Uuid>>,
}

impl ServerState {
    pub(crate) fn new(options: Options) -> Self {
        let store = Arc::new(Store::new(options.either_value()));
        let engine = Engine::new(Arc::clone(&store), &options);
        Self {
            tokens: Tokens::new(&options),
            cluster: Mutex::new(Some(options.cluster_uuid.unwrap_or_else(Uuid::new_v4))),
            options,
            store,
            engine,
            faults: Faults::default(),
            process_id: Uuid::new_v4(),
            queries: Mutex::default(),
        }
    }

    /// Makes a new admin token and revokes the others.
    pub(crate) fn replace_admin_token(&self) -> io::Result<(String, Hash)> {
        let token = new_token();
        let hash = blake3::hash(token.as_bytes());
        self.store.journal().append(&Entry::AdminToken(hash.to_hex().as_str().into()))?;
        self.tokens.replace(hash);
        Ok((token, hash))
    }

    pub(crate) fn cluster_uuid(&self) -> Option<Uuid> {
        *self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_cluster_uuid(&self, cluster: Option<Uuid>) {
        *self.cluster.lock().unwrap_or_else(PoisonError::into_inner) = cluster;
    }

    /// Records the text of a query.
    pub(crate) fn record(&self, query: &str) {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_owned());
    }

    pub(crate) fn queries(&self) -> Vec<String> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
