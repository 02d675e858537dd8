//! The fake as its users see it.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blake3::Hash;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::faults::Faults;
use crate::journal::Entry;
use crate::lagging_node::LaggingNode;
use crate::options::Options;
use crate::running::Running;
use crate::server;
use crate::state::ServerState;
use crate::store::{Acceptance, Precision, WriteError};

/// A fake InfluxDB 3, with its points and its options. Clones share both.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use influx_fake::{Fake, Options};
///
/// let fake = Fake::new(Options::default().token("secret"));
/// fake.write("census", "census,location=Klamath ants=30i,bees=23i 1748846218190260000")?;
/// let running = fake.spawn().await?;
/// assert!(running.url().starts_with("http://127.0.0.1:"));
/// running.stop().await;
/// # anyhow::Ok(())
/// # })?;
/// # anyhow::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Fake {
    state: Arc<ServerState>,
}

impl Fake {
    /// Makes a fake without databases. It does not listen before [`serve`](Self::serve) or
    /// [`spawn`](Self::spawn).
    pub fn new(options: Options) -> Self {
        Self { state: Arc::new(ServerState::new(options)) }
    }

    /// Writes line protocol with timestamps in nanoseconds. Creates the database, tables and
    /// columns that it names. A line without a timestamp gets the present time.
    ///
    /// # Errors
    ///
    /// Names the first bad line. Nothing is stored then.
    pub fn write(&self, database: &str, line_protocol: &str) -> Result<(), WriteError> {
        let store = &self.state.store;
        store.write(
            database,
            line_protocol,
            Precision::Nanosecond,
            Acceptance::AllOrNothing,
            Utc::now(),
        )
    }

    /// Loads what an earlier process kept in a directory, which must exist, and keeps there from
    /// now on all writes, the admin token and the `cluster-uuid`. So acknowledged writes survive
    /// the process, and clients see the same server again. Snapshots, drops and retention are not
    /// kept, and overwritten points are answered with their last value.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, or holds something else.
    pub fn keep_in(&self, directory: &Path) -> io::Result<()> {
        let ServerState { store, tokens, .. } = &*self.state;
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
                    // Lines that were refused before are refused again.
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

    /// Creates a database without tables, if there is none of this name.
    pub fn create_database(&self, database: &str) {
        self.state.store.create_database(database);
    }

    /// Drops a table as InfluxDB 3 does: it stays listed and can be queried as
    /// `table-YYYYMMDDTHHMMSS`, and only `_internal.system.tables` tells that it is deleted.
    /// Returns that name, or `None` if there is no such table.
    pub fn drop_table(&self, database: &str, table: &str) -> Option<String> {
        self.state.store.drop_table(database, table, Utc::now())
    }

    /// Takes a snapshot of a database: moves the buffered points into files, of each table one for
    /// every 10 minutes of the points' time. `system.parquet_files` lists them and the file limit
    /// counts them. No snapshot is ever taken automatically. Returns the sequence in the new files'
    /// names, which is higher than any before, or `None` if nothing was buffered.
    pub fn snapshot(&self, database: &str) -> Option<u64> {
        self.state.store.snapshot(database, None)
    }

    /// Takes a [`snapshot`](Self::snapshot) of the points before the 10-minute window of this time,
    /// in nanoseconds. Later points stay in the buffer, as the newest ones do in the real server.
    pub fn snapshot_before(&self, database: &str, time: i64) -> Option<u64> {
        self.state.store.snapshot(database, Some(time))
    }

    /// Takes such snapshots of all databases periodically, without the present 10 minutes, for as
    /// long as this future is polled. The first is taken when it is polled first.
    pub async fn snapshot_every(&self, period: Duration) -> Infallible {
        loop {
            let now = Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX);
            for database in self.state.store.databases() {
                self.snapshot_before(&database, now);
            }
            tokio::time::sleep(period).await;
        }
    }

    /// Begins a [`snapshot`](Self::snapshot) that is persisted file by file, and lists the first
    /// file of each table; [`list_next_files`](Self::list_next_files) goes on. Releases before
    /// 3.11.2 leave the points of the other files out of every answer until their own file is
    /// listed, unless they are written again.
    pub fn begin_snapshot(&self, database: &str) -> Option<u64> {
        self.state.store.begin_snapshot(database, self.state.options.persisting())
    }

    /// Lists the next file of each table of a snapshot that has begun. Returns whether there was
    /// one.
    pub fn list_next_files(&self, database: &str) -> bool {
        self.state.store.list_next_files(database)
    }

    /// Compacts: replaces the listed files of a table that hold points of the same day of UTC by
    /// one of this node's. The points stay as they are. Returns the sequence in the new files'
    /// names, which the node counts for itself, or `None` if there was nothing to replace.
    pub fn compact(&self, database: &str, node: &str) -> Option<u64> {
        self.state.store.compact(database, node)
    }

    /// Puts a second query node that lags beside the present one, or takes it away. It sees
    /// nothing of before this call, so it first stands still for as long as it lags.
    pub fn set_lagging_node(&self, node: Option<LaggingNode>) {
        self.state.set_lagging_node(node);
    }

    /// Renames the node that writes, which is how the paths of its next files begin. Files of other
    /// nodes stay listed. Each node counts its own sequences, and continues them when it comes
    /// back.
    pub fn set_node(&self, node: &str) {
        self.state.store.switch_node(node);
    }

    /// Rebuilds the server, as if its disk had been lost and all points had been written again and
    /// snapshotted: the old files are gone, and sequences start again. Keeps the `cluster-uuid`;
    /// see [`set_cluster_uuid`](Self::set_cluster_uuid).
    pub fn rebuild(&self, node: &str) {
        self.state.store.rebuild(node);
    }

    /// Sets the retention of a database: queries see no points before this time, in nanoseconds.
    /// The points are not deleted, their files stay listed, and an earlier time brings them back.
    pub fn set_retention(&self, database: &str, oldest: i64) {
        self.state.store.retain_from(database, oldest);
    }

    /// The `cluster-uuid` of every answer over HTTP. `None`: the server does not tell.
    pub fn cluster_uuid(&self) -> Option<Uuid> {
        self.state.cluster_uuid()
    }

    /// Changes the `cluster-uuid`: clients then see another server, or one that does not tell.
    pub fn set_cluster_uuid(&self, cluster: Option<Uuid>) {
        self.state.set_cluster_uuid(cluster);
    }

    /// The faults to inject.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Brings a server back that a [crash](crate::Fault::crash) has brought down, before its time.
    pub fn restart(&self) {
        self.state.downtime.end();
    }

    /// The text of every authorized query over Flight, in order of arrival.
    pub fn queries(&self) -> Vec<String> {
        self.state.queries()
    }

    /// Serves HTTP and gRPC on one listener until `shutdown` is ready. Answers in progress then
    /// have 30 seconds to end.
    ///
    /// # Errors
    ///
    /// The certificate or key cannot be used.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        server::serve(Arc::clone(&self.state), listener, shutdown).await
    }

    /// Serves in a task on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// No port is free, or a certificate or key cannot be used.
    pub async fn spawn(&self) -> io::Result<Running> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let tls = self.state.options.tls.as_ref().map(server::acceptor).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (stop, stopped) = oneshot::channel::<()>();
        let state = Arc::clone(&self.state);
        let task = tokio::spawn(async move {
            // A sender that was dropped means the same as one that was used.
            let shutdown = async { drop(stopped.await) };
            server::accept(state, listener, tls, shutdown).await;
        });
        Ok(Running::new(scheme, address, stop, task))
    }
}
