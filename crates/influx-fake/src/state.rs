//! What the servers share: options, tokens, points, faults, and what tests observe.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use blake3::Hash;
use uuid::Uuid;

use crate::auth::{Tokens, new_token};
use crate::connection::Connection;
use crate::downtime::Downtime;
use crate::engine::Engine;
use crate::faults::Faults;
use crate::journal::Entry;
use crate::lagging_node::{Balancer, LaggingNode};
use crate::options::Options;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct ServerState {
    pub(crate) options: Options,
    pub(crate) tokens: Tokens,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Engine,
    pub(crate) faults: Faults,
    pub(crate) downtime: Downtime,
    /// `None`: there is one node.
    balancer: Mutex<Option<Balancer>>,
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
            downtime: Downtime::default(),
            balancer: Mutex::default(),
            process_id: Uuid::new_v4(),
            queries: Mutex::default(),
        }
    }

    pub(crate) fn set_lagging_node(&self, node: Option<LaggingNode>) {
        self.store.remember(node.map(|node| node.lag()));
        *self.balancer.lock().unwrap_or_else(PoisonError::into_inner) = node.map(Balancer::new);
    }

    /// The engine of the node that the next question of a connection reaches.
    pub(crate) fn engine_for(&self, connection: &Connection) -> Engine {
        let mut balancer = self.balancer.lock().unwrap_or_else(PoisonError::into_inner);
        let balancer = balancer.as_mut();
        let lags = balancer.is_some_and(|balancer| balancer.reaches_lagging_node(connection));
        match lags.then(|| self.store.seen_by_lagging_node()).flatten() {
            Some(store) => self.engine.over(store),
            None => self.engine.clone(),
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
