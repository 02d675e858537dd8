//! Line protocol in: parsing, timestamps, and the errors of single lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use influxdb_line_protocol::{ParsedLine, parse_lines, split_lines};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::database::Database;
use super::table::Table;

/// An error quotes this much of its line.
const QUOTED_BYTES: usize = 20;

/// The unit of the timestamps in a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Precision {
    /// Guessed from each timestamp's size.
    Auto,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Precision {
    /// The spellings of all three write paths.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "auto" => Self::Auto,
            "s" | "second" => Self::Second,
            "ms" | "millisecond" => Self::Millisecond,
            "u" | "us" | "µ" | "microsecond" => Self::Microsecond,
            "n" | "ns" | "nanosecond" => Self::Nanosecond,
            _ => return None,
        })
    }

    fn nanoseconds(self, timestamp: i64) -> Option<i64> {
        let factor = match self {
            Self::Second => 1_000_000_000,
            Self::Millisecond => 1_000_000,
            Self::Microsecond => 1_000,
            Self::Nanosecond => 1,
            // Up to the year 2128 a timestamp's size tells its unit.
            Self::Auto => match timestamp.unsigned_abs() {
                0..5_000_000_000 => 1_000_000_000,
                5_000_000_000..5_000_000_000_000 => 1_000_000,
                5_000_000_000_000..5_000_000_000_000_000 => 1_000,
                _ => 1,
            },
        };
        timestamp.checked_mul(factor)
    }
}

/// What becomes of the good lines of a write that has bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acceptance {
    Partial,
    AllOrNothing,
}

/// Why a line was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line_number}: {message}: {original_line}")]
pub struct LineError {
    /// Counted from 1.
    pub line_number: usize,
    /// What is wrong with the line.
    pub message: String,
    /// How the line begins.
    pub original_line: String,
}

/// A write that did not take every line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// The good lines are stored, these are not.
    #[error("partial write of line protocol occurred: {}", list(.0))]
    Partial(Vec<LineError>),
    /// Nothing is stored, because of this line.
    #[error("line protocol parsing error: {0}")]
    Refused(LineError),
    /// The good lines are in memory, but could not be written to the directory that keeps them.
    #[error("the write cannot be kept: {0}")]
    NotKept(String),
}

fn list(errors: &[LineError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// A line that is neither blank nor a comment.
pub(super) struct Line<'a> {
    number: usize,
    text: &'a str,
    /// The point with its time in nanoseconds, or why there is none.
    point: Result<(ParsedLine<'a>, i64), String>,
}

impl Line<'_> {
    fn refused(&self, message: String) -> LineError {
        LineError {
            line_number: self.number,
            message,
            original_line: beginning(self.text).to_owned(),
        }
    }
}

/// Parses lines, once for all that is done with them.
pub(super) fn parse(lines: &str, precision: Precision, now: DateTime<Utc>) -> Vec<Line<'_>> {
    let numbered = split_lines(lines).enumerate();
    let parsed = numbered.filter_map(|(index, text)| {
        let point =
            parse_lines(text).next()?.map_err(|error| error.to_string()).and_then(|point| {
                let time = match point.timestamp {
                    Some(timestamp) => precision.nanoseconds(timestamp),
                    None => now.timestamp_nanos_opt(),
                };
                let time = time
                    .ok_or_else(|| "timestamp is outside of the years 1677 to 2262".to_owned())?;
                Ok((point, time))
            });
        Some(Line { number: index + 1, text, point })
    });
    parsed.collect()
}

/// Whether all lines could be stored one after another: the first that could not is the error.
pub(super) fn rehearse(
    mut tables: BTreeMap<String, Table>,
    lines: &[Line<'_>],
) -> Result<(), LineError> {
    for line in lines {
        let (point, _) = line.point.as_ref().map_err(|message| line.refused(message.clone()))?;
        let table = tables.entry(point.series.measurement.to_string()).or_default();
        table.admit(point).map_err(|message| line.refused(message))?;
    }
    Ok(())
}

/// Stores every good line and returns the errors of the others.
pub(super) fn apply(database: &mut Database, lines: &[Line<'_>]) -> Vec<LineError> {
    let outcomes = lines.iter().filter_map(|line| {
        let stored = line
            .point
            .as_ref()
            .map_err(String::clone)
            .and_then(|(point, time)| store(database, point, *time));
        stored.err().map(|message| line.refused(message))
    });
    outcomes.collect()
}

fn store(database: &mut Database, point: &ParsedLine<'_>, time: i64) -> Result<(), String> {
    let name = point.series.measurement.as_str();
    if let Some(table) = database.tables.get_mut(name) {
        return Arc::make_mut(table).push(point, time);
    }
    // A table comes into being with its first good point.
    let mut table = Table::new(database.next_table, database.either);
    table.push(point, time)?;
    database.next_table += 1;
    database.tables.insert(name.to_owned(), Arc::new(table));
    Ok(())
}

fn beginning(line: &str) -> &str {
    let end = (0..=line.len().min(QUOTED_BYTES)).rev().find(|end| line.is_char_boundary(*end));
    &line[..end.unwrap_or(0)]
}
