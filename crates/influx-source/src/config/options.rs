//! The settings that are a choice from a list.

use sync_config::{Choice, Choose};
use sync_engine::{OnResync, PrimaryKey, TimeFormat};

/// A setting of the engine as an option of the form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<T>(pub(crate) T);

impl Choose for Chosen<OnResync> {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Chosen(OnResync::Truncate),
            Choice {
                value: "truncate",
                label: "Mark them as deleted",
                description: "rows that InfluxDB no longer has are marked as deleted.",
            },
        ),
        (
            Chosen(OnResync::Keep),
            Choice {
                value: "keep",
                label: "Keep them",
                description: "rows that InfluxDB has dropped by retention stay in the warehouse.",
            },
        ),
    ];
}

impl Choose for Chosen<PrimaryKey> {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Chosen(PrimaryKey::Series),
            Choice {
                value: "series",
                label: "Series and time",
                description: "two added columns, `_series_id` (a hash of the tags) and \
                    `_time_ns`. It survives null tags and tags that are added later.",
            },
        ),
        (
            Chosen(PrimaryKey::TagsAndTime),
            Choice {
                value: "tags_and_time",
                label: "Tags and time",
                description: "the tags themselves (null becomes an empty text) and `_time_ns`. A \
                    tag that is added later needs a re-sync.",
            },
        ),
        (
            Chosen(PrimaryKey::None),
            Choice {
                value: "none",
                label: "None",
                description: "no key, as in the Python example: a changed point becomes a second \
                    row.",
            },
        ),
    ];
}

impl Choose for Chosen<TimeFormat> {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (
            Chosen(TimeFormat::UtcDateTime),
            Choice {
                value: "utc_datetime",
                label: "Date and time",
                description: "a UTC_DATETIME.",
            },
        ),
        (
            Chosen(TimeFormat::Iso8601),
            Choice {
                value: "iso8601",
                label: "Text with nanoseconds",
                description: "text with nine digits, such as `2025-06-02T06:36:58.190260000Z`.",
            },
        ),
        (
            Chosen(TimeFormat::Iso8601Micros),
            Choice {
                value: "iso8601_micros",
                label: "Text with microseconds",
                description: "text with six digits, as in the Python example; what is finer is \
                    cut, with a warning.",
            },
        ),
    ];
}
