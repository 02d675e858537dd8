//! The settings that are a choice from a list.

use sync_config::{Choice, Choose};

/// What a re-sync does to rows that the warehouse holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnResync {
    Truncate,
    Keep,
}

impl Choose for OnResync {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Self::Truncate,
            Choice {
                value: "truncate",
                label: "Mark them as deleted",
                description: "rows that InfluxDB no longer has are marked as deleted.",
            },
        ),
        (
            Self::Keep,
            Choice {
                value: "keep",
                label: "Keep them",
                description: "rows that InfluxDB has dropped by retention stay in the warehouse.",
            },
        ),
    ];
}

/// How points before the lookback are found that came late or were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateData {
    Automatic,
    Lookback,
}

impl Choose for LateData {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Self::Automatic,
            Choice {
                value: "automatic",
                label: "Find them by files or counts",
                description: "the files of the server tell what has changed; where it shows none, daily counts tell what was added.",
            },
        ),
        (
            Self::Lookback,
            Choice {
                value: "lookback",
                label: "Leave them",
                description: "only the lookback is read again.",
            },
        ),
    ];
}

/// What makes a row of the warehouse unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrimaryKey {
    Series,
    TagsAndTime,
    None,
}

impl Choose for PrimaryKey {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Self::Series,
            Choice {
                value: "series",
                label: "Series and time",
                description: "two added columns, `_series_id` (a hash of the tags) and `_time_ns`. It survives \
                    null tags and tags that are added later.",
            },
        ),
        (
            Self::TagsAndTime,
            Choice {
                value: "tags_and_time",
                label: "Tags and time",
                description: "the tags themselves (null becomes an empty text) and `_time_ns`. A tag that is \
                    added later needs a re-sync.",
            },
        ),
        (
            Self::None,
            Choice {
                value: "none",
                label: "None",
                description: "no key, as in the Python example: a changed point becomes a second row.",
            },
        ),
    ];
}

impl PrimaryKey {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::TagsAndTime => "tags_and_time",
            Self::None => "none",
        }
    }
}

/// How the time of a point is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    UtcDateTime,
    Iso8601,
    Iso8601Micros,
}

impl Choose for TimeFormat {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Self::UtcDateTime,
            Choice {
                value: "utc_datetime",
                label: "Date and time",
                description: "a UTC_DATETIME.",
            },
        ),
        (
            Self::Iso8601,
            Choice {
                value: "iso8601",
                label: "Text with nanoseconds",
                description: "text with nine digits, such as `2025-06-02T06:36:58.190260000Z`.",
            },
        ),
        (
            Self::Iso8601Micros,
            Choice {
                value: "iso8601_micros",
                label: "Text with microseconds",
                description: "text with six digits, as in the Python example; what is finer is cut, with a warning.",
            },
        ),
    ];
}

impl TimeFormat {
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::UtcDateTime => "utc_datetime",
            Self::Iso8601 => "iso8601",
            Self::Iso8601Micros => "iso8601_micros",
        }
    }
}
