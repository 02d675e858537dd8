//! What happens in the world: points are written, tables come and go, files are made.

use std::collections::BTreeMap;
use std::time::Duration;

use super::history::{
    Cell, DATABASES, DAY, HOUR, Kind, Measurement, Place, PointKey, SECOND, Tags, Version,
};
use super::port::SETTLES_WITHIN;
use super::time::iso8601;
use super::world::{SERVERS, World};

const NAMES: [&str; 3] = ["m0", "m1", "m2"];
const TAGS: [&str; 3] = ["host", "rack", "zone"];
const FIELDS: [&str; 4] = ["f0", "f1", "f2", "f3"];
const KINDS: [Kind; 5] = [Kind::Float, Kind::Integer, Kind::Unsigned, Kind::Text, Kind::Boolean];
/// How many points a measurement has at most: small worlds make many schedules.
const MOST_POINTS: usize = 60;
/// The first and the last time that InfluxDB 3 keeps.
const EARLIEST: i64 = -9_223_372_036_854_775_806;
const LATEST: i64 = 9_223_372_036_854_775_806;

impl World {
    /// Something happens.
    pub(super) fn event(&mut self) {
        self.land_files();
        match self.pick(&[40, 16, 16, 4, 3, 5, 4, 3, 1, 14, 1, 1, 1]) {
            0 => self.write_in_order(),
            1 => self.write_late(),
            2 => self.overwrite(),
            3 => self.write_ahead(),
            4 => self.write_very_old(),
            5 => self.add_column(),
            6 => self.create(),
            7 => self.drop_one(),
            8 => self.raise_retention(),
            9 => self.snapshot(),
            10 => self.rebuild(),
            11 => self.compact(),
            _ => self.drop_database(),
        }
    }

    /// Where something happens: mostly where somebody looks.
    fn somewhere(&mut self) -> Place {
        if !self.moves || self.rng.u32(0..3) > 0 {
            return self.here;
        }
        Place { server: self.rng.usize(0..SERVERS), database: self.rng.usize(0..DATABASES.len()) }
    }

    /// A measurement that is not dropped.
    fn any(&mut self) -> Option<usize> {
        let place = self.somewhere();
        let live = self.measurements.iter().enumerate();
        let live = live.filter(|(_, one)| !one.is_dropped && one.place == place);
        let live: Vec<_> = live.map(|(position, _)| position).collect();
        if live.is_empty() {
            self.create_in(place);
            return None;
        }
        Some(live[self.rng.usize(0..live.len())])
    }

    fn write_in_order(&mut self) {
        let Some(position) = self.any() else { return };
        let time = self.now() - self.rng.i64(0..4 * SECOND) * i64::from(self.rng.bool());
        for _ in 0..self.rng.usize(1..=3) {
            self.write_at(position, time);
        }
    }

    fn write_late(&mut self) {
        let Some(position) = self.any() else { return };
        let time = self.now() - self.stretch();
        for _ in 0..self.rng.usize(1..=2) {
            self.write_at(position, time);
        }
    }

    fn write_ahead(&mut self) {
        let Some(position) = self.any() else { return };
        let time = match self.pick(&[4, 1]) {
            0 => self.now() + self.rng.i64(SECOND..10 * HOUR),
            _ => 4_070_908_800 * SECOND,
        };
        self.write_at(position, time);
    }

    fn write_very_old(&mut self) {
        let Some(position) = self.any() else { return };
        let time = match self.pick(&[2, 1, 1]) {
            0 => -1_000_000_000 * SECOND + self.rng.i64(0..400 * DAY),
            1 => EARLIEST + self.rng.i64(0..3),
            _ => 0,
        };
        self.write_at(position, time);
    }

    /// Writes a point of any series at a time, or a nanosecond beside it.
    fn write_at(&mut self, position: usize, time: i64) {
        let time =
            (time + self.rng.i64(-1..=1) * i64::from(self.rng.bool())).clamp(EARLIEST, LATEST);
        let measurement = &self.measurements[position];
        let columns = measurement.columns.iter().filter(|(_, column)| column.kind == Kind::Tag);
        let names: Vec<_> = columns.map(|(name, _)| name.clone()).collect();
        let mut tags = Tags::new();
        for name in names {
            if self.rng.u32(0..4) > 0 {
                tags.insert(name, ["a", "b"][self.rng.usize(0..2)].to_owned());
            }
        }
        self.write(position, (time, tags));
    }

    fn overwrite(&mut self) {
        let Some(position) = self.any() else { return };
        let keys: Vec<_> = self.measurements[position].points.keys().cloned().collect();
        if keys.is_empty() {
            return;
        }
        // The latest points change most often.
        let newest = keys.len().min(4);
        let at = match self.rng.bool() {
            true => self.rng.usize(keys.len() - newest..keys.len()),
            false => self.rng.usize(0..keys.len()),
        };
        self.write(position, keys[at].clone());
    }

    /// Maybe changes a point of an answer that has just begun, and says how long the answer then
    /// takes to come: another query may give the newer value before it.
    pub(super) fn outdate(&mut self, measurement: &str, rows: &[(PointKey, Version)]) -> Duration {
        let percent = self.faults.events;
        let found = self.shown().find(|(_, one)| one.name == measurement);
        let position = found.map(|(position, _)| position);
        let Some(position) = position.filter(|_| !rows.is_empty() && self.chance(2 * percent))
        else {
            return Duration::ZERO;
        };
        let changed = self.rng.usize(0..rows.len());
        self.write(position, rows[changed].0.clone());
        Duration::from_millis(self.rng.u64(0..20_000))
    }

    /// Writes some fields of a point, and often of its like on another server as well.
    fn write(&mut self, position: usize, key: PointKey) {
        self.write_here(position, key.clone());
        if !self.moves || self.rng.bool() {
            return;
        }
        let (place, name) = {
            let written = &self.measurements[position];
            (written.place, written.name.clone())
        };
        let like = self.measurements.iter().position(|one| {
            one.place.database == place.database
                && one.place.server != place.server
                && one.name == name
        });
        if let Some(like) = like {
            // As far as it has the same tags.
            let (time, mut tags) = key;
            let columns = &self.measurements[like].columns;
            tags.retain(|tag, _| columns.get(tag).is_some_and(|of| of.kind == Kind::Tag));
            self.write_here(like, (time, tags));
        }
    }

    fn write_here(&mut self, position: usize, key: PointKey) {
        let measurement = &self.measurements[position];
        if measurement.points.len() >= MOST_POINTS && !measurement.points.contains_key(&key) {
            return;
        }
        let fields = measurement.columns.iter().filter(|(_, column)| column.kind != Kind::Tag);
        let fields: Vec<_> = fields.map(|(name, column)| (name.clone(), column.kind)).collect();
        let must = self.rng.usize(0..fields.len());
        let mut values = BTreeMap::new();
        for (number, (name, kind)) in fields.into_iter().enumerate() {
            if number == must || self.rng.bool() {
                values.insert(name, self.cell(kind));
            }
        }
        let visible = self.becomes_visible();
        let name = self.measurements[position].name.clone();
        self.tell(|| {
            let (time, tags) = &key;
            format!(
                "write {name} {} {tags:?} {values:?}, seen from {}",
                iso8601(*time),
                iso8601(visible)
            )
        });
        self.measurements[position].write(key, values, visible);
    }

    /// When a write of now becomes visible: below 10 s from now.
    fn becomes_visible(&mut self) -> i64 {
        let delay = match self.pick(&[3, 1]) {
            0 => self.rng.i64(0..SECOND),
            _ => self.rng.i64(0..SECOND * 99 / 10),
        };
        self.last_visible = self.last_visible.max(self.now() + delay);
        self.last_visible
    }

    fn cell(&mut self, kind: Kind) -> Cell {
        match kind {
            Kind::Float => Cell::Float(f64::from(self.rng.i32(-50..50)) + 0.5),
            Kind::Integer => match self.rng.u32(0..10) {
                0 => Cell::Integer(i64::MIN),
                _ => Cell::Integer(self.rng.i64(-50..50)),
            },
            Kind::Unsigned => match self.rng.u32(0..10) {
                0 => Cell::Unsigned(u64::MAX),
                _ => Cell::Unsigned(self.rng.u64(0..50)),
            },
            Kind::Text => Cell::Text(match self.rng.u32(0..10) {
                0 => String::new(),
                _ => format!("t{}", self.rng.u32(0..50)),
            }),
            Kind::Boolean => Cell::Boolean(self.rng.bool()),
            Kind::Tag => unreachable!("tags are in the key"),
        }
    }

    fn add_column(&mut self) {
        let Some(position) = self.any() else { return };
        let is_tag = self.rng.bool();
        let names: &[&str] = if is_tag { &TAGS } else { &FIELDS };
        let taken = &self.measurements[position].columns;
        let Some(name) = names.iter().find(|name| !taken.contains_key(**name)) else { return };
        let kind = if is_tag { Kind::Tag } else { KINDS[self.rng.usize(0..KINDS.len())] };
        let visible = self.becomes_visible();
        let table = self.measurements[position].name.clone();
        self.tell(|| format!("add {name} ({kind:?}) to {table}, seen from {}", iso8601(visible)));
        let column = super::history::Column { kind, visible };
        self.measurements[position].columns.insert((*name).to_owned(), column);
        // A column comes with a point that has it.
        let time = self.now() - self.stretch() * i64::from(self.rng.bool());
        let mut key = (time, Tags::new());
        if is_tag {
            key.1.insert((*name).to_owned(), "a".to_owned());
        }
        self.write(position, key);
    }

    /// Makes a table, maybe in the place of one that was dropped.
    pub(super) fn create(&mut self) {
        let place = self.somewhere();
        self.create_in(place);
    }

    pub(super) fn create_in(&mut self, place: Place) {
        let is_taken =
            |name: &str| self.measurements.iter().any(|one| one.place == place && one.name == name);
        let Some(name) = NAMES.into_iter().find(|name| !is_taken(name)) else { return };
        let mut columns = vec![("f0", KINDS[self.rng.usize(0..KINDS.len())])];
        for field in &FIELDS[1..self.rng.usize(1..3)] {
            columns.push((field, KINDS[self.rng.usize(0..KINDS.len())]));
        }
        columns.extend(TAGS[..self.rng.usize(0..3)].iter().map(|tag| (*tag, Kind::Tag)));
        let alike = |one: &&Measurement| one.original == name && one.place == place;
        let before = self.measurements.iter().rev().find(alike).cloned();
        let elsewhere = |one: &&Measurement| one.original == name && one.place != place;
        let other = self.measurements.iter().rev().find(elsewhere).cloned();
        self.missing.remove(&place);
        let visible = self.becomes_visible();
        let mut made = Measurement::new(place, name, &columns, visible);
        made.is_another = before.is_some();
        // Often whoever writes goes on to write the same, or the same as elsewhere.
        let model = before.or(other).filter(|_| self.rng.bool());
        if let Some(model) = &model {
            made.columns = model.columns.clone();
            for column in made.columns.values_mut() {
                column.visible = visible;
            }
        }
        self.tell(|| {
            let columns = made.columns.keys();
            format!("create {name} in {place:?} {columns:?}, seen from {}", iso8601(visible))
        });
        self.measurements.push(made);
        let position = self.measurements.len() - 1;
        // Also with its history.
        let keys: Vec<_> = model.iter().flat_map(|model| model.points.keys().cloned()).collect();
        if self.rng.bool() {
            for key in keys {
                self.write(position, key);
            }
        }
        for _ in 0..self.rng.usize(1..=4) {
            let time = self.now() - self.stretch();
            self.write_at(position, time);
        }
    }

    fn drop_one(&mut self) {
        let Some(position) = self.any() else { return };
        let date = iso8601(self.now());
        let name = self.measurements[position].name.clone();
        let digits: String =
            date[..19].chars().filter(|character| *character != '-' && *character != ':').collect();
        let renamed = format!("{name}-{digits}");
        let place = self.measurements[position].place;
        if self.measurements.iter().any(|one| one.place == place && one.name == renamed) {
            return;
        }
        self.tell(|| format!("drop {name}"));
        let dropped = &mut self.measurements[position];
        dropped.name = renamed;
        dropped.is_dropped = true;
        // A measurement is often dropped to be written anew, with other types.
        if self.rng.bool() {
            self.create_in(place);
        }
    }

    /// Drops a database. It is there again when something is written into it.
    fn drop_database(&mut self) {
        let place = self.somewhere();
        self.tell(|| format!("drop database {place:?}"));
        for one in self.measurements.iter_mut().filter(|one| one.place == place) {
            if !one.is_dropped {
                one.name = format!("deleted {}", one.name);
            }
            (one.is_dropped, one.is_deleted) = (true, true);
        }
        self.missing.insert(place);
    }

    fn raise_retention(&mut self) {
        let Some(position) = self.any() else { return };
        let bound = self.now() - self.stretch() - HOUR;
        let measurement = &mut self.measurements[position];
        measurement.retention = measurement.retention.max(bound);
        let name = measurement.name.clone();
        self.tell(|| format!("points of {name} before {} are gone", iso8601(bound)));
    }

    pub(super) fn snapshot(&mut self) {
        let by = self.now() + if self.lags { SETTLES_WITHIN } else { 0 };
        let how = self.how;
        let server = self.somewhere().server;
        let node = self.rng.usize(0..self.nodes[server].len());
        let sequence = self.nodes[server][node].1 + self.rng.u64(1..3);
        let name = self.nodes[server][node].0.clone();
        let mut is_any = false;
        for measurement in self.measurements.iter_mut().filter(|one| one.place.server == server) {
            is_any |= measurement.snapshot(by, &name, sequence, how);
        }
        if is_any {
            self.nodes[server][node].1 = sequence;
            self.tell(|| format!("snapshot {sequence} of {name} of server {server}"));
        }
        self.land_files();
    }

    /// Files of a snapshot come one after the other, or all at once.
    pub(super) fn land_files(&mut self) {
        let now = self.now();
        for position in 0..self.measurements.len() {
            if self.measurements[position].coming.is_empty() {
                continue;
            }
            let one = match self.pick(&[2, 1, 2]) {
                0 => None,
                1 => Some(self.rng.usize(..)),
                _ => continue,
            };
            self.measurements[position].land(one, now);
            let left = self.measurements[position].coming.len();
            if left > 0 {
                let name = self.measurements[position].name.clone();
                self.tell(|| format!("{left} files of {name} are still to come"));
            }
        }
    }

    fn compact(&mut self) {
        let server = self.somewhere().server;
        self.tell(|| format!("the files of server {server} become fewer"));
        for measurement in self.measurements.iter_mut().filter(|one| one.place.server == server) {
            measurement.compact();
        }
    }

    fn rebuild(&mut self) {
        let now = self.now();
        let server = self.somewhere().server;
        self.tell(|| format!("server {server} is rebuilt"));
        self.rebuilds += 1;
        for node in &mut self.nodes[server] {
            node.1 = 1;
        }
        let node = self.nodes[server][0].0.clone();
        for measurement in self.measurements.iter_mut().filter(|one| one.place.server == server) {
            measurement.rebuild(now, &node);
        }
    }
}
