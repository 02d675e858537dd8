//! A route: a port of the proxy, and what is done to the connections that come there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::rules::{Done, Rules};

/// A port, and what is done to what passes.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) port: u16,
    pub(super) target: Arc<str>,
    pub(super) rules: watch::Sender<Rules>,
    pub(super) counters: Arc<Counters>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) delayed: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) refused: AtomicU64,
}

impl Counters {
    pub(super) fn done(&self) -> Done {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Done {
            connections: load(&self.connections),
            bytes: load(&self.bytes),
            delayed: load(&self.delayed),
            cut: load(&self.cut),
            lost: load(&self.lost),
            refused: load(&self.refused),
        }
    }
}
