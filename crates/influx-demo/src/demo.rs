//! The look-alike as a whole: what its store, engine and servers share.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blake3::Hash;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::auth::{Tokens, new_token};
use crate::engine::Engine;
use crate::faults::Faults;
use crate::journal::Entry;
use crate::options::Options;
use crate::running::Running;
use crate::server;
use crate::store::{Acceptance, Precision, Store, WriteError};

/// An InfluxDB 3 look-alike: its points, and how it behaves. A clone is the same one.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use influx_demo::{Demo, Options};
///
/// let demo = Demo::new(Options::default().token("secret"));
/// demo.write("census", "census,location=Klamath ants=30i,bees=23i 1748846218190260000")?;
/// let running = demo.spawn().await?;
/// assert!(running.url().starts_with("http://127.0.0.1:"));
/// running.stop().await;
/// # anyhow::Ok(())
/// # })?;
/// # anyhow::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Demo {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    tokens: Tokens,
    store: Arc<Store>,
    engine: Engine,
    faults: Faults,
    queries: Mutex<Vec<String>>,
    /// Tells one start of a server from another.
    process_id: Uuid,
    /// Tells one server from another, however often each is started; none: it does not say.
    cluster: Mutex<Option<Uuid>>,
}

impl Demo {
    /// A look-alike without databases. It answers no one until it is served.
    pub fn new(options: Options) -> Self {
        let store = Arc::new(Store::new(options.either_value()));
        let engine = Engine::new(Arc::clone(&store), &options);
        let shared = Shared {
            tokens: Tokens::new(&options),
            cluster: Mutex::new(Some(options.cluster_uuid.unwrap_or_else(Uuid::new_v4))),
            options,
            store,
            engine,
            faults: Faults::default(),
            queries: Mutex::default(),
            process_id: Uuid::new_v4(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Writes line protocol with timestamps in nanoseconds; database, tables and columns come into being as they are named.
    /// A line without a timestamp gets the present time.
    ///
    /// # Errors
    ///
    /// Names the first bad line; nothing is stored then.
    pub fn write(&self, database: &str, line_protocol: &str) -> Result<(), WriteError> {
        let store = &self.shared.store;
        store.write(
            database,
            line_protocol,
            Precision::Nanosecond,
            Acceptance::AllOrNothing,
            Utc::now(),
        )
    }

    /// Takes up what an earlier look-alike kept in a directory, which must exist, and from now on keeps there what is written,
    /// which admin token is valid, and what the server is called: acknowledged writes then survive the process, and it is the
    /// same server to its clients. Snapshots, drops and retention do not; of what was overwritten the last value is answered.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, or holds something else.
    pub fn keep_in(&self, directory: &Path) -> io::Result<()> {
        let Shared { store, tokens, .. } = &*self.shared;
        let mut kept = None;
        store.journal().open(directory, |entry| {
            let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
            match entry {
                Entry::AdminToken(hash) => {
                    let hash = Hash::from_hex(&*hash).map_err(|_| invalid("no hash of a token"))?;
                    tokens.replace(hash);
                }
                Entry::Cluster(cluster) => {
                    kept = Some(
                        Uuid::try_parse(&cluster).map_err(|_| invalid("no UUID of a server"))?,
                    );
                }
                Entry::Write { database, precision, at, lines } => {
                    let at = DateTime::from_timestamp_nanos(at);
                    // Lines that were refused are refused again; the others are what it is about.
                    let _ = store.write(&database, &lines, precision, Acceptance::Partial, at);
                }
            }
            Ok(())
        })?;
        store.settle_values();
        match kept {
            Some(_) => self.set_cluster_uuid(kept),
            None => {
                if let Some(cluster) = self.cluster_uuid() {
                    store.journal().append(&Entry::Cluster(cluster.to_string().into()))?;
                }
            }
        }
        Ok(())
    }

    /// Makes a new admin token, and lets no other token in from now on.
    pub(crate) fn replace_admin_token(&self) -> io::Result<(String, Hash)> {
        let token = new_token();
        let hash = blake3::hash(token.as_bytes());
        self.shared.store.journal().append(&Entry::AdminToken(hash.to_hex().as_str().into()))?;
        self.shared.tokens.replace(hash);
        Ok((token, hash))
    }

    pub(crate) fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    /// Makes a database without tables, if there is none of the name.
    pub fn create_database(&self, database: &str) {
        self.shared.store.create_database(database);
    }

    /// Drops a table as InfluxDB 3 does: it is listed and can be queried as `table-YYYYMMDDTHHMMSS` from now on, and only
    /// `_internal.system.tables` tells that it is deleted. Returns that name; nothing where there is no such table.
    pub fn drop_table(&self, database: &str, table: &str) -> Option<String> {
        self.shared.store.drop_table(database, table, Utc::now())
    }

    /// Takes a snapshot: what a database has buffered goes into files, of each table one for every 10 minutes of its points'
    /// time, which `system.parquet_files` lists and the file limit counts. Nothing takes one by itself. Returns the sequence in
    /// the new files' names, higher than any before; nothing where all points were in files already.
    pub fn snapshot(&self, database: &str) -> Option<u64> {
        self.shared.store.snapshot(database, None)
    }

    /// As [`snapshot`](Self::snapshot), but what is as young as this time, in nanoseconds, or in its 10 minutes stays in the
    /// buffer: the real server holds its newest points back so.
    pub fn snapshot_before(&self, database: &str, time: i64) -> Option<u64> {
        self.shared.store.snapshot(database, Some(time))
    }

    /// Takes such a snapshot of every database again and again, without the present 10 minutes, for as long as this future is polled.
    pub async fn snapshot_every(&self, period: Duration) -> Infallible {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX);
            for database in self.shared.store.databases() {
                self.snapshot_before(&database, now);
            }
        }
    }

    /// Gives the server another name, which is how the paths of its next files begin. They are listed together with the older
    /// ones. Each name counts its own sequences, and goes on with them when it comes back.
    pub fn set_node(&self, node: &str) {
        self.shared.store.switch_node(node);
    }

    /// The server as if its disk had been lost, and every point then written again at once and snapshotted: the old files are
    /// gone, the sequences have begun anew. What the server is called is left to [`set_cluster_uuid`](Self::set_cluster_uuid).
    pub fn rebuild(&self, node: &str) {
        self.shared.store.rebuild(node);
    }

    /// Sets the retention of a database: no query sees points before this time, in nanoseconds, any more. They are not deleted,
    /// their files stay listed, and an earlier time brings them back.
    pub fn set_retention(&self, database: &str, oldest: i64) {
        self.shared.store.retain_from(database, oldest);
    }

    /// What every answer over HTTP calls this server in its `cluster-uuid`; nothing where it does not say.
    pub fn cluster_uuid(&self) -> Option<Uuid> {
        *self.shared.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has another server answer from now on, as far as its clients can tell; or one that does not say which it is.
    pub fn set_cluster_uuid(&self, cluster: Option<Uuid>) {
        *self.shared.cluster.lock().unwrap_or_else(PoisonError::into_inner) = cluster;
    }

    /// What `/ping` calls this server's process.
    pub(crate) fn process_id(&self) -> Uuid {
        self.shared.process_id
    }

    /// What shall go wrong.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The text of every query that was asked over Flight and let in, in order of arrival.
    pub fn queries(&self) -> Vec<String> {
        self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves HTTP and gRPC on one listener until `shutdown` is ready; answers under way may then end, for up to 30 seconds.
    ///
    /// # Errors
    ///
    /// A certificate or key that cannot be used.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        server::serve(self.clone(), listener, shutdown).await
    }

    /// Serves on a free port of 127.0.0.1, in a task of its own.
    ///
    /// # Errors
    ///
    /// No port is free, or a certificate or key cannot be used.
    pub async fn spawn(&self) -> io::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let tls = self.options().tls.as_ref().map(server::acceptor).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (stop, stopped) = oneshot::channel::<()>();
        let demo = self.clone();
        let task = tokio::spawn(async move {
            // A sender that was dropped means the same as one that was used.
            let shutdown = async { drop(stopped.await) };
            server::accept(demo, listener, tls, shutdown).await;
        });
        Ok(Running::new(scheme, address, stop, task))
    }

    pub(crate) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn record(&self, query: &str) {
        self.shared.queries.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_owned());
    }
}
