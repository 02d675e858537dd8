//! The table of fields: the form, the parser, the error texts and the README come from it.

use sync_config::{Field, Kind, Removed, Requirement};
use sync_engine::{OnResync, PrimaryKey, TimeFormat};

use super::options::Chosen;

/// Every field that the connector knows, in the order in which a customer fills them in.
pub const FIELDS: &[&Field] = &[
    &HOSTNAME,
    &TOKEN,
    &DATABASE,
    &MEASUREMENT,
    &TABLE_NAME,
    &START_TIME,
    &LOOKBACK,
    &SETTLE,
    &AUDIT_DAYS,
    &ON_RESYNC,
    &PRIMARY_KEY,
    &TIME_FORMAT,
    &COLUMN_TYPES,
    &CA_CERTIFICATE,
    &ALLOW_PLAINTEXT,
    &PARALLEL_QUERIES,
    &WINDOW_ROWS,
    &ORG,
];

/// The fields that earlier releases had.
pub(crate) const REMOVED: &[Removed] = &[Removed {
    name: "late_data",
    replacement: "late points are always looked for, by the lookback, by files where they are \
        shown, and by counts; `audit_days=0` turns the counts off",
}];

pub(crate) static HOSTNAME: Field = Field {
    name: "hostname",
    label: "Host",
    description: "Where InfluxDB 3 answers: `https://host:port/path`, `http://host`, `host:port` \
        or `host`. Without a scheme it is https, except for a loopback host.",
    requirement: Requirement::Required,
    kind: Kind::Text,
    placeholder: Some("https://influxdb.example.com:8181"),
};

pub(crate) static TOKEN: Field = Field {
    name: "token",
    label: "API token",
    description: "A token that can read the database.",
    requirement: Requirement::Required,
    kind: Kind::Secret,
    placeholder: None,
};

pub(crate) static DATABASE: Field = Field {
    name: "database",
    label: "Database",
    description: "The database to read (in Cloud Serverless: the bucket).",
    requirement: Requirement::Required,
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static MEASUREMENT: Field = Field {
    name: "measurement",
    label: "Measurements",
    description: "The measurements (tables) to sync: one name, several separated by commas, or \
        `*` for all. A name that holds a comma itself needs `*` and a selection.",
    requirement: Requirement::Required,
    kind: Kind::Text,
    placeholder: Some("*"),
};

pub(crate) static TABLE_NAME: Field = Field {
    name: "table_name",
    label: "Table name",
    description: "The table's name in the warehouse, if it is to differ from the measurement's. \
        For one measurement only.",
    requirement: Requirement::Optional,
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static START_TIME: Field = Field {
    name: "start_time",
    label: "Start",
    description: "Points before this date or time are not synced, such as `2024-01-31` or \
        `2024-01-31T08:00:00Z`. Empty: from the first point.",
    requirement: Requirement::Optional,
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static LOOKBACK: Field = Field {
    name: "lookback",
    label: "Lookback",
    description: "How far before its last position every sync reads again, to find late and \
        overwritten points: `90s`, `1h`, `7d`.",
    requirement: Requirement::Default("1h"),
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static SETTLE: Field = Field {
    name: "settle",
    label: "Time to settle",
    description: "Query nodes may lag behind ingest: points younger than this wait for the next \
        sync. From `0s` to `1d`.",
    requirement: Requirement::Default("10s"),
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static AUDIT_DAYS: Field = Field {
    name: "audit_days",
    label: "Days to count",
    description: "For how many days back the points and values that were read are compared with \
        what the server counts, every four hours at most, to find those that came late: 0 to 366. \
        0 turns the counts off. A value that replaces another changes no count.",
    requirement: Requirement::Default("7"),
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static ON_RESYNC: Field = Field {
    name: "on_resync",
    label: "Rows of the warehouse at a re-sync",
    description: "What a re-sync does to the rows that the warehouse holds. Choose to keep them \
        if the database's retention is shorter than the warehouse's memory.",
    requirement: Requirement::Default("truncate"),
    kind: Kind::choice::<Chosen<OnResync>>(),
    placeholder: None,
};

pub(crate) static PRIMARY_KEY: Field = Field {
    name: "primary_key",
    label: "Primary key",
    description: "What makes a row unique.",
    requirement: Requirement::Default("series"),
    kind: Kind::choice::<Chosen<PrimaryKey>>(),
    placeholder: None,
};

pub(crate) static TIME_FORMAT: Field = Field {
    name: "time_format",
    label: "Time",
    description: "How the column `time` is sent.",
    requirement: Requirement::Default("utc_datetime"),
    kind: Kind::choice::<Chosen<TimeFormat>>(),
    placeholder: None,
};

pub(crate) static COLUMN_TYPES: Field = Field {
    name: "column_types",
    label: "Column types",
    description: "Types that differ from the natural ones, as JSON from `column` or \
        `table.column` to a type, such as `{\"ants\": \"INT\"}`.",
    requirement: Requirement::Optional,
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static CA_CERTIFICATE: Field = Field {
    name: "ca_certificate",
    label: "CA certificate",
    description: "The certificate of a private certificate authority, in PEM, to trust besides \
        the public ones.",
    requirement: Requirement::Optional,
    kind: Kind::Upload { extensions: &[".pem", ".crt", ".cer"], max_bytes: 1024 * 1024 },
    placeholder: None,
};

pub(crate) static ALLOW_PLAINTEXT: Field = Field {
    name: "allow_plaintext",
    label: "Allow unencrypted connections",
    description: "Lets the token travel over plain http to another machine.",
    requirement: Requirement::Default("false"),
    kind: Kind::Toggle,
    placeholder: None,
};

pub(crate) static PARALLEL_QUERIES: Field = Field {
    name: "parallel_queries",
    label: "Parallel queries",
    description: "How many queries run at once, 1 to 32.",
    requirement: Requirement::Default("4"),
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static WINDOW_ROWS: Field = Field {
    name: "window_rows",
    label: "Rows per query",
    description: "How many rows one query should bring; the time it covers adapts to that.",
    requirement: Requirement::Default("500000"),
    kind: Kind::Text,
    placeholder: None,
};

pub(crate) static ORG: Field = Field {
    name: "org",
    label: "Organization",
    description: "Accepted and unused: queries of InfluxDB 3 have none.",
    requirement: Requirement::Optional,
    kind: Kind::Text,
    placeholder: None,
};
