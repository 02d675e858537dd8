//! The options of a fake.

use std::time::Duration;

use semver::Version;
use uuid::Uuid;

use crate::store::Persisting;

/// How a [`Fake`](crate::Fake) behaves.
///
/// ```
/// use std::time::Duration;
/// use influx_fake::{MissingDatabase, Options};
///
/// let options = Options::default()
///     .token("secret")
///     .keep_alive(Duration::from_millis(20))
///     .missing_database(MissingDatabase::NotFound);
/// assert_eq!(options.token.as_deref(), Some("secret"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The token that every call must carry. `None`: no authentication.
    pub token: Option<String>,
    /// An expired token, which is answered with `PERMISSION_DENIED`.
    pub expired_token: Option<String>,
    /// After how much silence an answer gets a batch without rows.
    pub keep_alive: Duration,
    /// The certificate and key of TLS. `None`: plain text.
    pub tls: Option<Tls>,
    /// How `data_type` spells the type of `time`.
    pub time_spelling: TimeSpelling,
    /// How a query of an unknown database fails.
    pub missing_database: MissingDatabase,
    /// How many files a query may scan in one table. `None`: any number.
    pub file_limit: Option<usize>,
    /// How a query that would scan more files fails.
    pub file_limit_text: FileLimitText,
    /// How many partitions a query may scan in one table: UTC days that have points. `None`: any
    /// number.
    pub partition_limit: Option<usize>,
    /// What `system.parquet_files` shows.
    pub file_listing: FileListing,
    /// The release that the server says it is.
    pub release: Version,
    /// Which value a point has that was overwritten in the buffer.
    pub overwrites: Overwrites,
    /// The `cluster-uuid` of answers over HTTP. `None`: a random one.
    pub cluster_uuid: Option<Uuid>,
}

/// How many files a query of InfluxDB 3 Core may scan by default.
const FILE_LIMIT: usize = 432;
/// The default release.
const RELEASE: Version = Version::new(3, 10, 0);
/// The first release that answers every point while it persists a snapshot.
const WHOLE_WHILE_PERSISTING: Version = Version::new(3, 11, 2);
/// The first release that always answers the last value (influxdb#27548).
const LAST_VALUE: Version = Version::new(3, 11, 4);

impl Default for Options {
    /// No token, plain text, the last value of overwritten points, and everything else as InfluxDB
    /// 3 Core 3.10 does it.
    fn default() -> Self {
        Self {
            token: None,
            expired_token: None,
            keep_alive: Duration::from_secs(5),
            tls: None,
            time_spelling: TimeSpelling::default(),
            missing_database: MissingDatabase::default(),
            file_limit: Some(FILE_LIMIT),
            file_limit_text: FileLimitText::default(),
            partition_limit: None,
            file_listing: FileListing::default(),
            release: RELEASE,
            overwrites: Overwrites::default(),
            cluster_uuid: None,
        }
    }
}

impl Options {
    /// Asks every call for this token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Answers this token as an expired one.
    pub fn expired_token(mut self, token: impl Into<String>) -> Self {
        self.expired_token = Some(token.into());
        self
    }

    /// Sends a batch without rows after this much silence.
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = silence;
        self
    }

    /// Serves TLS.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Spells the type of `time` as one line of releases does.
    pub fn time_spelling(mut self, spelling: TimeSpelling) -> Self {
        self.time_spelling = spelling;
        self
    }

    /// Fails queries of unknown databases as one edition does.
    pub fn missing_database(mut self, answer: MissingDatabase) -> Self {
        self.missing_database = answer;
        self
    }

    /// Refuses queries that would scan more files of a table than this.
    pub fn file_limit(mut self, files: Option<usize>) -> Self {
        self.file_limit = files;
        self
    }

    /// Words that refusal as one line of releases does.
    pub fn file_limit_text(mut self, text: FileLimitText) -> Self {
        self.file_limit_text = text;
        self
    }

    /// Refuses queries that would scan more days of a table than this.
    pub fn partition_limit(mut self, partitions: Option<usize>) -> Self {
        self.partition_limit = partitions;
        self
    }

    /// Lists files as one edition does.
    pub fn file_listing(mut self, listing: FileListing) -> Self {
        self.file_listing = listing;
        self
    }

    /// Sets the release.
    pub fn release(mut self, release: Version) -> Self {
        self.release = release;
        self
    }

    /// Answers points that were overwritten in the buffer as releases before 3.11.4 do, or as later
    /// ones do. A later release always answers the last value.
    pub fn overwrites(mut self, overwrites: Overwrites) -> Self {
        self.overwrites = overwrites;
        self
    }

    /// The seed of the choice among the values of overwritten points, if there is a choice.
    pub(crate) fn either_value(&self) -> Option<u64> {
        match self.overwrites {
            Overwrites::Either { seed } if self.release < LAST_VALUE => Some(seed),
            Overwrites::Either { .. } | Overwrites::Last => None,
        }
    }

    /// What becomes of the points of a snapshot until their file is listed.
    pub(crate) fn persisting(&self) -> Persisting {
        if self.release < WHOLE_WHILE_PERSISTING { Persisting::Hidden } else { Persisting::Visible }
    }

    /// Sets the `cluster-uuid`.
    pub fn cluster_uuid(mut self, cluster: Uuid) -> Self {
        self.cluster_uuid = Some(cluster);
        self
    }
}

/// A certificate chain and its private key, both in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate, and after it those that vouch for it.
    pub certificate: Vec<u8>,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls { .. }")
    }
}

/// How `information_schema.columns` spells the type of `time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeSpelling {
    /// `Timestamp(ns)`, from 3.9 on.
    #[default]
    Short,
    /// `Timestamp(Nanosecond, None)`, from 3.0 to 3.8.
    Long,
}

/// How a query of an unknown database fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingDatabase {
    /// `INTERNAL`, as Core.
    #[default]
    Internal,
    /// `NOT_FOUND`, as Cloud Dedicated and Clustered.
    NotFound,
    /// `INVALID_ARGUMENT` that speaks of a bucket, as Cloud Serverless.
    InvalidArgument,
}

/// How a query fails that would scan too many files. N is the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileLimitText {
    /// `INTERNAL`, `Query would scan N Parquet files, exceeding the file limit`: Core from 3.8 on.
    #[default]
    WouldScan,
    /// `INTERNAL`, `Query would exceed file limit of N parquet files`: Core from 3.0 to 3.7.
    WouldExceed,
    /// `RESOURCE_EXHAUSTED`, `Query would process more than N parquet files`: the cloud products.
    WouldProcess,
}

/// What `system.parquet_files` shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileListing {
    /// The files of snapshots, as Core. A query must name one table: an unknown name makes its task
    /// panic, and without a name every file is listed under every table.
    #[default]
    Listed,
    /// Nothing, as Enterprise's newer engine.
    Empty,
    /// There is no such table, as in the cloud products.
    Absent,
}

/// Which value a point has that was overwritten in the buffer. In a file it has the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrites {
    /// The last one, field by field.
    #[default]
    Last,
    /// For each field any value since the last snapshot, and not the same one in every answer:
    /// InfluxDB 3 before 3.11.4 (influxdb#27548).
    Either {
        /// The seed of the choice. The same writes and queries in the same order have the same
        /// answers.
        seed: u64,
    },
}
