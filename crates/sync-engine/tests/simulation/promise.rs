//! The checker: whether the promise holds, from the history of the world alone.
//!
//! After every sync that succeeds, for every table that it has synced to its end:
//!
//! - **There.** A point that the database has at present (not dropped, not below retention) has a
//!   row if a [`Cover`] holds it: its time lies in the cover's range, and queries could see it by
//!   the cover's moment. The row shows the point as it was in the newest version of which that is
//!   true, or in a later one: never an older one. For columns that were hidden when the row was
//!   sent, and for no others, NULL will do.
//! - **Once.** With `primary_key=series` no other row shows the point.
//! - **No more.** Every live row of every table, also of those that are no longer synced, shows one
//!   version of one point that a measurement of that name had, as a whole: all the columns that
//!   were sent with it, the key included, and nothing else. After a re-sync that truncates, no row
//!   of before is alive.
//! - **Kept.** Nothing is truncated unless a load begins, and nothing at all with `on_resync=keep`;
//!   rows do not go in any other way.
//! - **In order.** What one sync sends of a point follows the order in which the point changed, so
//!   that no older value replaces a newer.
//!
//! With `primary_key=none` a row is its columns: some row has to show the point, and every row some
//! version of some point.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat};

use super::history::{Cell, Kind, Measurement, PointKey, Tags, Version};
use super::ledger::{Account, Cover, Demand, Ledger};
use super::settings::{Key, Settings, Time};
use super::time::iso8601;
use super::warehouse::{Landed, Row, Warehouse};
use super::world::World;

/// The first difference between what was promised and what has landed.
pub(super) fn difference(world: &World, ledger: &Ledger, warehouse: &Warehouse) -> Option<String> {
    let settings = ledger.settings.last()?;
    let empty = Landed::default();
    for ((place, name), account) in &ledger.accounts {
        let measurement = world.measurement(name).filter(|_| *place == settings.place);
        if let Some(measurement) = measurement.filter(|_| account.is_complete && settings.has(name))
        {
            let landed = warehouse.tables.get(settings.table(name)).unwrap_or(&empty);
            if let Some(difference) = missing(world, ledger, measurement, account, landed) {
                return Some(difference);
            }
        }
    }
    warehouse.tables.iter().find_map(|(table, landed)| superfluous(world, ledger, table, landed))
}

/// A point that has to be there and is not.
fn missing(
    world: &World,
    ledger: &Ledger,
    measurement: &Measurement,
    account: &Account,
    landed: &Landed,
) -> Option<String> {
    let settings = ledger.settings.last()?;
    let live = landed.rows.values().filter(|row| !row.is_deleted);
    if let Some(truncated_in) = account.truncated_in
        && let Some(row) = live.clone().find(|row| row.sync < truncated_in)
    {
        return Some(format!("a row of {} outlived a re-sync: {:?}", measurement.name, row.values));
    }
    let mut by_time: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in live {
        if ledger.settings[row.sync].shape == settings.shape {
            by_time.entry(time_of(row)).or_default().push(row);
        }
    }
    let horizon = ledger.horizon(settings.place, &measurement.name);
    for (key, versions) in &measurement.points {
        if key.0 < measurement.retention || key.0 >= horizon {
            continue;
        }
        let Some((required, cover)) = required(key, versions, &account.covers) else { continue };
        let times = [format!("LONG {}", key.0), time_text(key.0, settings), String::new()];
        // A time that is sent as a number is written alike in both places.
        let times = BTreeSet::from(times);
        let candidates = times.iter().filter_map(|time| by_time.get(time.as_str())).flatten();
        let shows = |row: &&&Row| {
            versions[required..].iter().any(|version| {
                is_shown(&row.values, measurement, key, version, settings)
                    && is_whole(row, measurement, key, version, ledger, account)
            })
        };
        let any_version = |row: &&&Row| {
            let mut versions = versions.iter();
            versions.any(|version| is_shown(&row.values, measurement, key, version, settings))
        };
        if settings.shape.key == Key::Series && candidates.clone().filter(any_version).count() > 1 {
            let twice: Vec<_> = candidates.filter(any_version).map(|row| &row.values).collect();
            return Some(format!("one point has two rows in {}: {twice:?}", measurement.name));
        }
        if candidates.clone().find(shows).is_none() {
            let found: Vec<_> = candidates.map(|row| &row.values).collect();
            return Some(format!(
                "{} {} {:?} is not there as {:?} or later (by {}: seen by {}, {} to {}); now {}; \
                 found {found:?}",
                measurement.name,
                iso8601(key.0),
                key.1,
                versions[required],
                cover.rule,
                iso8601(cover.seen_by),
                iso8601(cover.from),
                iso8601(cover.to),
                iso8601(world.now()),
            ));
        }
    }
    None
}

/// The oldest version that will do, and why.
fn required(key: &PointKey, versions: &[Version], covers: &[Cover]) -> Option<(usize, Cover)> {
    let demanded = covers.iter().filter(|cover| cover.from <= key.0 && key.0 < cover.to);
    demanded
        .filter_map(|cover| {
            let is_seen =
                |version: &Version| version.visible <= cover.seen_by && !version.is_hidden;
            let newest = versions.iter().rposition(is_seen)?;
            let required = match cover.demands {
                Demand::All => newest,
                // Values are added and never taken away.
                Demand::Cells => {
                    let cells = |version: &Version| version.fields.len();
                    versions.iter().position(|one| cells(one) == cells(&versions[newest]))?
                }
                Demand::Points => 0,
            };
            Some((required, *cover))
        })
        .max_by_key(|(version, _)| *version)
}

/// A live row that shows no point.
fn superfluous(world: &World, ledger: &Ledger, table: &str, landed: &Landed) -> Option<String> {
    if let Some(difference) = backward(world, ledger, table, landed) {
        return Some(difference);
    }
    landed.rows.values().filter(|row| !row.is_deleted).find_map(|row| {
        let settings = &ledger.settings[row.sync];
        let origins = origins(world, settings, table);
        let time =
            row.values.get("_time_ns").and_then(|value| value.strip_prefix("LONG ")?.parse().ok());
        let is_shown = origins.iter().any(|measurement| {
            let (from, to) = time.map_or((i64::MIN, i64::MAX), |time: i64| (time, time));
            let points = measurement.points.range((from, Tags::new())..);
            points.take_while(|((at, _), _)| *at <= to).any(|(key, versions)| {
                versions
                    .iter()
                    .any(|version| is_shown(&row.values, measurement, key, version, settings))
            })
        });
        (!is_shown).then(|| format!("a row of {table} shows no point: {:?}", row.values))
    })
}

/// The measurements that a sync may have filled a table from, also those that are gone.
fn origins<'a>(world: &'a World, settings: &Settings, table: &str) -> Vec<&'a Measurement> {
    let name = settings.origin(table);
    let here = world.measurements.iter().filter(|one| one.place == settings.place);
    here.filter(|one| one.original == name || one.name == name).collect()
}

/// A row that an older value has replaced: what a sync sends of a point follows the order in which
/// it changed.
fn backward(world: &World, ledger: &Ledger, table: &str, landed: &Landed) -> Option<String> {
    let changed = landed.rows.values().filter(|row| !row.earlier.is_empty() && !row.is_deleted);
    let mut changed = changed.filter(|row| row.values.contains_key("_time_ns"));
    changed.find_map(|row| {
        let settings = &ledger.settings[row.sync];
        let origins = origins(world, settings, table);
        let shown: Vec<_> = row.earlier.iter().chain([&row.values]).collect();
        origins.iter().flat_map(|one| one.points.iter().map(move |point| (one, point))).find_map(
            |(measurement, (key, versions))| {
                if *time_of(row) != format!("LONG {}", key.0) {
                    return None;
                }
                let shows = |values: &BTreeMap<_, _>, version: &Version| {
                    is_shown(values, measurement, key, version, settings)
                };
                // Each as early as possible, but none before the one that was sent before it.
                let (mut at, mut is_backward) = (0, false);
                for values in &shown {
                    match versions[at..].iter().position(|version| shows(values, version)) {
                        Some(further) => at += further,
                        None if versions.iter().any(|version| shows(values, version)) => {
                            is_backward = true
                        }
                        // It is another point's.
                        None => return None,
                    }
                }
                is_backward.then(|| {
                    format!(
                        "an older value of {table} {} {:?} follows a newer one: {shown:?}",
                        iso8601(key.0),
                        key.1
                    )
                })
            },
        )
    })
}

/// Whether a row shows a version of a point, in all columns that were sent.
fn is_shown(
    values: &BTreeMap<String, String>,
    measurement: &Measurement,
    key: &PointKey,
    version: &Version,
    settings: &Settings,
) -> bool {
    // Values differ most often, and the key is the dearest to compute.
    values.iter().all(|(column, value)| {
        column == "_series_id"
            || matches(value, &expected(column, measurement, key, version, settings))
    }) && values
        .get("_series_id")
        .is_none_or(|value| *value == format!("STRING {}", series_id(&key.1)))
}

/// Whether a row lacks nothing that it should have.
fn is_whole(
    row: &Row,
    measurement: &Measurement,
    key: &PointKey,
    version: &Version,
    ledger: &Ledger,
    account: &Account,
) -> bool {
    let settings = &ledger.settings[row.sync];
    let table = settings.table(&measurement.name);
    let columns = measurement.columns.keys().map(String::as_str).chain(["time"]);
    let mut lacking = columns.filter(|column| !row.values.contains_key(*column));
    lacking.all(|column| {
        settings.wanted.hides(table, column)
            || account.ever_hidden.contains(column)
            || matches("NULL", &expected(column, measurement, key, version, settings))
    })
}

/// A tag's null and its empty text are equal.
fn matches(value: &str, expected: &Expected) -> bool {
    match expected {
        Expected::Tag(tag) => match value {
            "NULL" | "STRING " => tag.is_empty(),
            value => value.strip_prefix("STRING ") == Some(tag),
        },
        Expected::Value(expected) => value == expected,
    }
}

enum Expected {
    Tag(String),
    Value(String),
}

/// What a column of a point's row has to be.
fn expected(
    column: &str,
    measurement: &Measurement,
    key: &PointKey,
    version: &Version,
    settings: &Settings,
) -> Expected {
    let shape = &settings.shape;
    Expected::Value(match column {
        "_time_ns" if shape.key != Key::None => format!("LONG {}", key.0),
        "time" => time_text(key.0, settings),
        _ if measurement.columns.get(column).is_some_and(|column| column.kind == Kind::Tag) => {
            return Expected::Tag(key.1.get(column).cloned().unwrap_or_default());
        }
        _ => match version.fields.get(column) {
            None => "NULL".to_owned(),
            Some(cell) => {
                let (kind, text) = match cell {
                    Cell::Float(value) => ("DOUBLE", value.to_string()),
                    Cell::Integer(value) => ("LONG", value.to_string()),
                    Cell::Unsigned(value) => ("DECIMAL", value.to_string()),
                    Cell::Text(value) => ("STRING", value.clone()),
                    Cell::Boolean(value) => ("BOOLEAN", value.to_string()),
                };
                let kind = if column == "f0" && shape.is_f0_text { "STRING" } else { kind };
                format!("{kind} {text}")
            }
        },
    })
}

fn time_of(row: &Row) -> &str {
    row.values.get("_time_ns").or(row.values.get("time")).map_or("", String::as_str)
}

fn time_text(time: i64, settings: &Settings) -> String {
    let (seconds, nanoseconds) = (time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000));
    let text = |format| DateTime::from_timestamp_nanos(time).to_rfc3339_opts(format, true);
    match settings.shape.time {
        Time::Instant => format!("UTC_DATETIME {seconds} {nanoseconds}"),
        Time::NaiveInstant => format!("NAIVE_DATETIME {seconds} {nanoseconds}"),
        Time::Nanoseconds => format!("LONG {time}"),
        Time::Text => format!("STRING {}", text(SecondsFormat::Nanos)),
        Time::TextToMicroseconds => format!("STRING {}", text(SecondsFormat::Micros)),
    }
}

/// The identity of a series, as the design fixes it: written anew here.
fn series_id(tags: &Tags) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in
        tags.iter().filter(|(_, value)| !value.is_empty()).flat_map(|(name, value)| [name, value])
    {
        hasher.update(&u32::try_from(text.len()).unwrap().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
