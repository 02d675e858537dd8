//! What a customer can set of a sync, as far as the engine is concerned.

use sync_core::DataType;

use crate::column_types::ColumnTypes;
use crate::retry::RetryPolicy;

/// How long a point takes at most, as a rule, from its write until every query sees it, in
/// nanoseconds.
pub(crate) const USUAL_SETTLE: i64 = 10_000_000_000;

/// The settings of a sync.
///
/// Sentences for the customer name a setting by the field that sets it, in the spelling of this
/// crate's documentation: `measurement`, `table_name`, `start_time`, `settle`, `on_resync`,
/// `primary_key`, `time_format`, `column_types`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name under which the state keeps the positions of this database.
    pub database: String,
    /// The measurements to sync (`measurement`).
    pub measurements: Measurements,
    /// The table's name in the warehouse, where it differs from the measurement's; only with one
    /// measurement (`table_name`).
    pub destination: Option<String>,
    /// Points before this time are not read, in nanoseconds since 1970-01-01T00:00:00Z
    /// (`start_time`).
    pub start: Option<i64>,
    /// How far before its cursor every sync reads again, in nanoseconds.
    pub lookback: i64,
    /// How long a point or a file may take from its write until every query sees it, in
    /// nanoseconds: a sync reads no further than this before the present time (`settle`).
    pub settle: i64,
    /// For how many days back points are counted, where files do not tell of late ones; 0 for not
    /// at all.
    pub audit_days: i64,
    /// What a re-sync does to rows that the warehouse holds (`on_resync`).
    pub on_resync: OnResync,
    /// What makes a row unique (`primary_key`).
    pub primary_key: PrimaryKey,
    /// How the time of a point is sent (`time_format`).
    pub time_format: TimeFormat,
    /// Types that were chosen for columns (`column_types`).
    pub column_types: ColumnTypes,
    /// How many windows, and how many tables, are read at once.
    pub parallel_queries: usize,
    /// About how many rows a window should have.
    pub window_rows: u64,
    /// How long to keep asking while the database is out of reach.
    pub retry: RetryPolicy,
}

impl Settings {
    /// The usual settings: everything that the database has, from its first point on.
    #[must_use]
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            database: database.into(),
            measurements: Measurements::All,
            destination: None,
            start: None,
            lookback: 3_600_000_000_000,
            settle: USUAL_SETTLE,
            audit_days: 7,
            on_resync: OnResync::Truncate,
            primary_key: PrimaryKey::Series,
            time_format: TimeFormat::UtcDateTime,
            column_types: ColumnTypes::default(),
            parallel_queries: 4,
            window_rows: 500_000,
            retry: RetryPolicy::default(),
        }
    }
}

/// The measurements that a customer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measurements {
    /// All that the database has, now and later.
    All,
    /// These.
    Listed(Vec<String>),
}

/// What a re-sync does to rows that the warehouse holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnResync {
    /// It marks them as deleted before the first row.
    Truncate,
    /// It lets them stand.
    Keep,
}

/// What makes a row of the warehouse unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryKey {
    /// A hash of the tags, and the time.
    Series,
    /// The tags themselves, and the time.
    TagsAndTime,
    /// Nothing: rows have no key.
    None,
}

impl PrimaryKey {
    /// How a fingerprint, and a configuration, spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::TagsAndTime => "tags_and_time",
            Self::None => "none",
        }
    }
}

/// How the time of a point is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// As an instant.
    UtcDateTime,
    /// As text with nine digits after the second.
    Iso8601,
    /// As text with six digits after the second.
    Iso8601Micros,
}

impl TimeFormat {
    /// How a fingerprint, and a configuration, spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UtcDateTime => "utc_datetime",
            Self::Iso8601 => "iso8601",
            Self::Iso8601Micros => "iso8601_micros",
        }
    }

    /// The type that a time has where none is chosen.
    pub(crate) fn natural_type(self) -> DataType {
        match self {
            Self::UtcDateTime => DataType::UtcDateTime,
            Self::Iso8601 | Self::Iso8601Micros => DataType::String,
        }
    }
}
