//! What the customer of the model has set: the configuration and the selection, and how they
//! change.

use std::collections::BTreeMap;

use sync_core::{ColumnRules, DataType, Rules, Selection, Unlisted};
use sync_engine::{Measurements, OnResync, PrimaryKey, TimeFormat};

use super::history::{DATABASES, DAY, HOUR, MINUTE, Place, SECOND};
use super::port::SETTLES_WITHIN;
use super::world::{SERVERS, World};

/// 1950-01-01T00:00:00Z.
const IN_1950: i64 = -631_152_000 * SECOND;
/// 2025-06-02T03:00:00Z, three hours before the story begins.
const SHORTLY_BEFORE: i64 = 1_748_833_200 * SECOND;

/// A configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) shape: Shape,
    /// `None` for all.
    pub(super) measurements: Option<Vec<String>>,
    pub(super) lookback: i64,
    pub(super) truncates: bool,
    pub(super) settle: i64,
    pub(super) audit_days: i64,
    parallel_queries: usize,
    window_rows: u64,
    pub(super) wanted: Wanted,
    pub(super) place: Place,
}

/// The settings that shape rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The table's name, where it is not the measurement's.
    destination: Option<String>,
    pub(super) key: Key,
    pub(super) time: Time,
    /// Whether `column_types` asks for text in `f0`.
    pub(super) is_f0_text: bool,
    start: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Series,
    TagsAndTime,
    None,
}

/// How `time` is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Instant,
    Nanoseconds,
    NaiveInstant,
    Text,
    TextToMicroseconds,
}

/// What is selected: for each listed table its hidden columns, or `None` if it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    listed: BTreeMap<String, Option<Vec<String>>>,
    leaves_out_new: bool,
}

impl Wanted {
    pub(super) fn has(&self, table: &str) -> bool {
        self.listed.get(table).map_or(!self.leaves_out_new, Option::is_some)
    }

    pub(super) fn hides(&self, table: &str, column: &str) -> bool {
        match self.listed.get(table) {
            Some(Some(hidden)) => hidden.iter().any(|name| name == column),
            _ => false,
        }
    }

    fn to_selection(&self) -> Selection {
        if *self == Self::default() {
            return Selection::Everything;
        }
        let columns = |hidden: &Vec<String>| ColumnRules {
            listed: hidden.iter().map(|name| (name.clone(), None)).collect(),
            unlisted: Unlisted::Included,
        };
        let listed = self.listed.iter();
        let listed = listed.map(|(name, rule)| (name.clone(), rule.as_ref().map(columns)));
        Selection::Tables(Rules {
            listed: listed.collect(),
            unlisted: (!self.leaves_out_new).into(),
        })
    }
}

impl Settings {
    pub(super) fn any(world: &mut World) -> Self {
        let mut settings = Self {
            shape: Shape {
                destination: None,
                key: Key::Series,
                time: Time::Instant,
                is_f0_text: false,
                start: None,
            },
            measurements: None,
            lookback: HOUR,
            truncates: true,
            settle: SETTLES_WITHIN,
            audit_days: 7,
            parallel_queries: 4,
            window_rows: 10,
            wanted: Wanted::default(),
            place: Place::default(),
        };
        settings.change(world);
        settings.shape(world);
        settings
    }

    /// Changes what does not shape rows.
    pub(super) fn change(&mut self, world: &mut World) {
        let rng = &mut world.rng;
        self.lookback = [0, MINUTE, 10 * MINUTE, HOUR, HOUR, DAY][rng.usize(0..6)];
        self.truncates = rng.u32(0..4) > 0;
        self.settle = [SETTLES_WITHIN, SETTLES_WITHIN, MINUTE, HOUR][rng.usize(0..4)];
        self.audit_days = [0, 1, 7, 7][rng.usize(0..4)];
        self.parallel_queries = rng.usize(1..=4);
        self.window_rows = [1, 3, 10, 30, 1_000][rng.usize(0..5)];
        self.measurements = match rng.u32(0..8) {
            0 => Some(vec![["m0", "m1"][rng.usize(0..2)].to_owned()]),
            1 => Some(vec!["m0".to_owned(), "m1".to_owned()]),
            _ => None,
        };
        if self.measurements.as_ref().is_none_or(|names| names.len() != 1) {
            self.shape.destination = None;
        }
        self.simplify();
        self.select(world);
    }

    /// Changes where the points come from.
    pub(super) fn travel(&mut self, world: &mut World) {
        let rng = &mut world.rng;
        match rng.u32(0..4) {
            0 => self.place = Place::default(),
            1 => self.place.database = rng.usize(0..DATABASES.len()),
            _ => self.place.server = rng.usize(0..SERVERS),
        }
    }

    /// Changes what is selected.
    pub(super) fn select(&mut self, world: &mut World) {
        let rng = &mut world.rng;
        self.wanted = Wanted::default();
        if rng.bool() {
            return;
        }
        self.wanted.leaves_out_new = rng.u32(0..4) == 0;
        for name in ["m0", "m1", "m2", "renamed"] {
            match rng.u32(0..4) {
                0 => self.wanted.listed.insert(name.to_owned(), None),
                1 => {
                    let hidden = ["f0", "f1", "host", "rack", "time"];
                    let hidden = hidden.into_iter().filter(|_| rng.u32(0..3) == 0);
                    let mut hidden: Vec<_> = hidden.map(str::to_owned).collect();
                    if hidden.iter().any(|name| name == "time") {
                        // A row without a key needs something that is shown.
                        hidden.retain(|name| name != "f0");
                    }
                    self.wanted.listed.insert(name.to_owned(), Some(hidden))
                }
                2 => self.wanted.listed.insert(name.to_owned(), Some(Vec::new())),
                _ => None,
            };
        }
    }

    /// Changes what shapes rows.
    pub(super) fn shape(&mut self, world: &mut World) {
        let rng = &mut world.rng;
        let is_single = self.measurements.as_ref().is_some_and(|names| names.len() == 1);
        match rng.u32(0..5) {
            0 => self.shape.key = [Key::Series, Key::TagsAndTime, Key::None][rng.usize(0..3)],
            1 => {
                self.shape.time = [
                    Time::Instant,
                    Time::Nanoseconds,
                    Time::NaiveInstant,
                    Time::Text,
                    Time::TextToMicroseconds,
                ][rng.usize(0..5)];
            }
            2 => self.shape.is_f0_text = rng.bool(),
            3 => {
                self.shape.start =
                    [None, None, Some(IN_1950), Some(SHORTLY_BEFORE)][rng.usize(0..4)]
            }
            _ if is_single => {
                self.shape.destination =
                    [None, Some("renamed"), Some("m1")][rng.usize(0..3)].map(str::to_owned);
            }
            _ => {}
        }
        self.simplify();
    }

    /// A name that is the measurement's own is no other name.
    fn simplify(&mut self) {
        if let Some([only]) = self.measurements.as_deref()
            && self.shape.destination.as_ref() == Some(only)
        {
            self.shape.destination = None;
        }
    }

    /// Asks for everything, so that the end can be judged.
    pub(super) fn all(&mut self) {
        self.measurements = None;
        self.shape.destination = None;
    }

    pub(super) fn has(&self, measurement: &str) -> bool {
        let is_asked = match &self.measurements {
            None => true,
            Some(names) => names.iter().any(|name| name == measurement),
        };
        is_asked && self.wanted.has(self.table(measurement))
    }

    /// The measurement that fills a table.
    pub(super) fn origin<'a>(&'a self, table: &'a str) -> &'a str {
        match (&self.shape.destination, &self.measurements) {
            (Some(destination), Some(names)) if destination == table => &names[0],
            _ => table,
        }
    }

    /// The name of a measurement's table.
    pub(super) fn table<'a>(&'a self, measurement: &'a str) -> &'a str {
        self.shape.destination.as_deref().unwrap_or(measurement)
    }

    /// The time before which nothing is read.
    pub(super) fn start(&self) -> i64 {
        self.shape.start.unwrap_or(i64::MIN)
    }

    pub(super) fn selection(&self) -> Selection {
        self.wanted.to_selection()
    }

    /// The settings as the engine gets them.
    pub(super) fn settings(&self) -> sync_engine::Settings {
        let mut types = Vec::new();
        if self.shape.is_f0_text {
            types.push(("f0".to_owned(), DataType::String));
        }
        let time_format = match self.shape.time {
            Time::Instant => TimeFormat::UtcDateTime,
            Time::Nanoseconds => {
                types.push(("time".to_owned(), DataType::Long));
                TimeFormat::UtcDateTime
            }
            Time::NaiveInstant => {
                types.push(("time".to_owned(), DataType::NaiveDateTime));
                TimeFormat::UtcDateTime
            }
            Time::Text => TimeFormat::Iso8601,
            Time::TextToMicroseconds => TimeFormat::Iso8601Micros,
        };
        sync_engine::Settings {
            measurements: match &self.measurements {
                None => Measurements::All,
                Some(names) => Measurements::Listed(names.clone()),
            },
            destination: self.shape.destination.clone(),
            start: self.shape.start,
            lookback: self.lookback,
            settle: self.settle,
            audit_days: self.audit_days,
            on_resync: if self.truncates { OnResync::Truncate } else { OnResync::Keep },
            primary_key: match self.shape.key {
                Key::Series => PrimaryKey::Series,
                Key::TagsAndTime => PrimaryKey::TagsAndTime,
                Key::None => PrimaryKey::None,
            },
            time_format,
            column_types: types.into_iter().collect(),
            parallel_queries: self.parallel_queries,
            window_rows: self.window_rows,
            ..sync_engine::Settings::new(DATABASES[self.place.database])
        }
    }
}
