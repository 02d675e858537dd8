//! A model InfluxDB 3: it answers the engine's questions from the world's points, slowly, partially or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use influx_flight::{
    ColumnInfo, ColumnType, DroppedTables, Error, ErrorKind, ParquetFiles, Role, TableInfo,
};

use super::answer::ModelAnswer;
use super::history::{DAY, HOUR, Kind, Measurement, SECOND};
use super::world::{Files, Identity, Limit, Shared, World};
use crate::database::{Bin, Columns, Database};
use crate::server::{About, Server};
use crate::window::Window;

/// The key under which a column says what it is.
const MARK: &str = "iox::column::type";

/// A database of a simulated server.
pub(super) struct Model(pub(super) Shared);

impl Database for Model {
    type Answer = ModelAnswer;

    async fn about(&self) -> About {
        self.pass_time().await;
        let mut world = self.0.lock();
        let server = world.here.server;
        let is_told = match world.identity {
            Identity::OneAddress | Identity::Told => true,
            Identity::Sometimes => world.rng.bool(),
            Identity::Never => false,
        };
        let host = if world.identity == Identity::OneAddress { 0 } else { server };
        let server = Server {
            id: is_told.then(|| format!("server {server}")),
            address: format!("host{host}:8181"),
        };
        world.tell(|| format!("about: {server:?}"));
        About { server, release: None, caveats: Vec::new() }
    }

    async fn now(&self) -> Result<i64, Error> {
        self.ask("now").await?;
        let mut world = self.0.lock();
        let now = world.now() + world.server_skew;
        world.observed.server.get_or_insert(now);
        Ok(now)
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        self.ask("tables").await?;
        let world = self.0.lock();
        let now = world.now();
        let mut tables: Vec<_> = world
            .shown()
            .map(|(_, one)| TableInfo { name: one.name.clone(), columns: column_infos(one, now) })
            .collect();
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(tables)
    }

    async fn dropped_tables(&self) -> DroppedTables {
        if let Err(error) = self.ask("dropped tables").await {
            return DroppedTables::Unknown(error);
        }
        let world = self.0.lock();
        if !world.tells_dropped {
            return DroppedTables::Unknown(ErrorKind::InvalidQuery.into());
        }
        let dropped = world.shown().filter(|(_, one)| one.is_dropped);
        DroppedTables::Known(dropped.map(|(_, one)| one.name.clone()).collect::<BTreeSet<_>>())
    }

    async fn first_time(&self, measurement: &str) -> Result<Option<i64>, Error> {
        self.ask("first time").await?;
        let world = self.0.lock();
        let found = find(&world, measurement)?;
        check_limit(&world, found, i64::MIN, i64::MAX)?;
        Ok(found.seen(world.now(), i64::MIN, i64::MAX).map(|((time, _), _)| *time).min())
    }

    async fn has_points(&self, measurement: &str, window: Window) -> Result<bool, Error> {
        self.ask("any point").await?;
        let world = self.0.lock();
        let found = find(&world, measurement)?;
        check_limit(&world, found, window.from(), window.to())?;
        Ok(found.seen(world.now(), window.from(), window.to()).next().is_some())
    }

    async fn columns(&self, measurement: &str) -> Result<SchemaRef, Error> {
        self.ask("columns").await?;
        let world = self.0.lock();
        Ok(schema(&world, find(&world, measurement)?, &Columns::All)?)
    }

    async fn files(&self, measurement: &str) -> ParquetFiles {
        let asked = self.ask("files").await;
        let mut world = self.0.lock();
        let now = world.now();
        let refused = match asked {
            Err(error) => Some(error),
            Ok(()) => match (find(&world, measurement).err(), world.files) {
                (Some(error), _) => Some(error),
                (None, Files::Hidden) => Some(ErrorKind::InvalidQuery.into()),
                (None, Files::Flaky) if world.chance(30) => Some(ErrorKind::InvalidQuery.into()),
                (None, _) => None,
            },
        };
        if let Some(error) = refused {
            world.observed.unlisted.insert(measurement.to_owned());
            world.tell(|| format!("files of {measurement}: {:?}", error.kind()));
            return ParquetFiles::Unknown(error);
        }
        let files = match world.files {
            Files::AlwaysEmpty => Vec::new(),
            _ => find(&world, measurement).map(|found| found.files.clone()).unwrap_or_default(),
        };
        world.tell(|| format!("files of {measurement}: {}", files.len()));
        let listed = (now, files.clone());
        world.observed.listed.entry(measurement.to_owned()).or_insert(listed);
        ParquetFiles::Known(files)
    }

    async fn counts(
        &self,
        measurement: &str,
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, u64>, Error> {
        let asked = self.ask("counts").await;
        let mut world = self.0.lock();
        let counted = asked.and_then(|()| {
            let found = find(&world, measurement)?;
            check_limit(&world, found, window.from(), window.to())?;
            let length = match bin {
                Bin::Day => DAY,
                Bin::Hour => HOUR,
            };
            let mut counts = BTreeMap::new();
            for ((time, _), _) in found.seen(world.now(), window.from(), window.to()) {
                *counts.entry(time.div_euclid(length) * length).or_default() += 1;
            }
            Ok(counts)
        });
        match &counted {
            // A count that reads too much is asked for again in parts.
            Err(error) if error.kind().wants_smaller_query() && window.to() - window.from() > 1 => {
            }
            Err(_) => {
                world.observed.uncounted.insert(measurement.to_owned());
            }
            Ok(_) => {}
        }
        world.tell(|| format!("counts of {measurement}, {window}: {counted:?}"));
        counted
    }

    async fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> Result<ModelAnswer, Error> {
        self.pass_time().await;
        let mut world = self.0.lock();
        let read = self.begin_answer(&mut world, measurement, columns, window);
        world.tell(|| match &read {
            Ok(answer) => format!("read {measurement}, {window}: {} rows", answer.rows()),
            Err(error) => format!("read {measurement}, {window}: {:?}", error.kind()),
        });
        read
    }
}

impl Model {
    /// Takes a question in: time passes, something may happen, and it may go wrong.
    async fn ask(&self, question: &str) -> Result<(), Error> {
        self.pass_time().await;
        let mut world = self.0.lock();
        let now = world.now();
        let percent = world.faults.question;
        let refused = if now < world.token_refused_until {
            Some(ErrorKind::Token)
        } else if world.chance(percent) {
            Some(match world.pick(&[3, 1]) {
                0 => ErrorKind::Unavailable,
                _ => {
                    world.token_refused_until = now + world.stretch();
                    ErrorKind::Token
                }
            })
        } else {
            None
        };
        let is_missing = world.missing.contains(&world.here);
        let refused = refused.or(is_missing.then_some(ErrorKind::DatabaseMissing));
        match refused {
            Some(kind) => {
                world.tell(|| format!("{question}: {kind:?}"));
                Err(kind.into())
            }
            None => Ok(()),
        }
    }

    async fn pass_time(&self) {
        pass_time(&self.0).await;
    }

    fn begin_answer(
        &self,
        world: &mut World,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> Result<ModelAnswer, Error> {
        let now = world.now();
        if now < world.token_refused_until {
            return Err(ErrorKind::Token.into());
        }
        if now < world.outage_until {
            return Err(ErrorKind::Unavailable.into());
        }
        if world.missing.contains(&world.here) {
            return Err(ErrorKind::DatabaseMissing.into());
        }
        let percent = world.faults.read;
        if world.chance(percent) {
            return Err(match world.pick(&[4, 2, 2, 1, 1, 1]) {
                0 => ErrorKind::Unavailable,
                1 => ErrorKind::Stalled,
                2 => ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(7)) },
                3 => ErrorKind::Memory,
                4 => ErrorKind::Deadline,
                _ => {
                    world.outage_until = now + world.stretch() / 8;
                    ErrorKind::Unavailable
                }
            }
            .into());
        }
        let found = find(world, measurement)?;
        let schema = schema(world, found, columns)?;
        check_limit(world, found, window.from(), window.to())?;
        let seen = found.seen(now, window.from(), window.to());
        let mut rows: Vec<_> = seen.map(|(key, version)| (key.clone(), version.clone())).collect();
        let fills_empty = world.fills_empty;
        world.rng.shuffle(&mut rows);
        let percent = world.faults.broken;
        let breaks = world.chance(percent);
        let breaks_after = breaks.then(|| world.rng.usize(0..=rows.len()));
        let lag = world.outdate(measurement, &rows);
        let answer =
            ModelAnswer::new(self.0.clone(), schema, columns, &rows, fills_empty, breaks_after);
        Ok(answer.lagging(lag))
    }
}

/// Lets a moment pass, in which something may happen.
pub(super) async fn pass_time(shared: &Shared) {
    let delay = {
        let mut world = shared.lock();
        world.questions += 1;
        world.land_files();
        assert!(world.questions < MOST_QUESTIONS, "a sync does not stop asking");
        let percent = world.faults.events;
        if world.chance(percent) {
            world.event();
        }
        match world.pick(&[8, 4, 1]) {
            0 => 0,
            1 => world.rng.u64(1..40),
            // Only as long as something may go wrong, so that the end comes soon.
            _ if percent > 0 => world.rng.u64(1..8_000),
            _ => 0,
        }
    };
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

fn find<'a>(world: &'a World, measurement: &str) -> Result<&'a Measurement, Error> {
    let missing = || ErrorKind::TableMissing { table: Some(measurement.to_owned()) };
    world.measurement(measurement).ok_or_else(|| missing().into())
}

fn check_limit(
    world: &World,
    measurement: &Measurement,
    from: i64,
    to: i64,
) -> Result<(), ErrorKind> {
    match world.limit {
        Limit::Files(most) if measurement.files_in(from, to) > most => Err(ErrorKind::FileLimit),
        Limit::Days(most) if measurement.days_in(world.now(), from, to) > most => {
            Err(ErrorKind::PartitionLimit)
        }
        Limit::Rows(most) if measurement.seen(world.now(), from, to).count() > most => {
            Err(ErrorKind::Memory)
        }
        _ => Ok(()),
    }
}

fn column_infos(measurement: &Measurement, now: i64) -> Vec<ColumnInfo> {
    let mut columns: Vec<_> = measurement
        .columns_at(now)
        .map(|(name, kind)| ColumnInfo {
            name: name.to_owned(),
            role: if kind == Kind::Tag { Role::Tag } else { Role::Field },
            data_type: ColumnType::Arrow(match kind {
                Kind::Tag => {
                    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                }
                kind => arrow_type(kind),
            }),
        })
        .collect();
    columns.push(ColumnInfo {
        name: "time".to_owned(),
        role: Role::Time,
        data_type: ColumnType::Arrow(DataType::Timestamp(TimeUnit::Nanosecond, None)),
    });
    columns.sort_by(|one, other| one.name.cmp(&other.name));
    columns
}

/// The columns of an answer, marked as InfluxDB 3 marks them.
fn schema(
    world: &World,
    measurement: &Measurement,
    columns: &Columns,
) -> Result<SchemaRef, ErrorKind> {
    let known: BTreeMap<_, _> = measurement.columns_at(world.now()).collect();
    let marked = |name: &str, data_type, is_nullable, mark: &str| {
        let mark = format!("iox::column_type::{mark}");
        Field::new(name, data_type, is_nullable).with_metadata([(MARK.to_owned(), mark)].into())
    };
    let time =
        || marked("time", DataType::Timestamp(TimeUnit::Nanosecond, None), false, "timestamp");
    let field = |name: &str| match known.get(name) {
        _ if name == "time" => Ok(time()),
        Some(&kind) => Ok(marked(name, arrow_type(kind), true, mark(kind))),
        None => Err(ErrorKind::ColumnMissing { column: name.to_owned() }),
    };
    let fields = match columns {
        Columns::All => {
            let mut names: Vec<_> = known.keys().copied().chain(["time"]).collect();
            names.sort_unstable();
            names.into_iter().map(field).collect::<Result<Vec<_>, _>>()?
        }
        Columns::Listed(items) => items
            .iter()
            .map(|item| match item {
                crate::sql::Item::Column(name) => field(name),
                // An expression has no mark.
                crate::sql::Item::TagOrEmpty(name) => {
                    field(name).map(|_| Field::new(name, DataType::Utf8, false))
                }
            })
            .collect::<Result<Vec<_>, _>>()?,
    };
    Ok(Arc::new(Schema::new(fields)))
}

fn arrow_type(kind: Kind) -> DataType {
    match kind {
        Kind::Tag | Kind::Text => DataType::Utf8,
        Kind::Float => DataType::Float64,
        Kind::Integer => DataType::Int64,
        Kind::Unsigned => DataType::UInt64,
        Kind::Boolean => DataType::Boolean,
    }
}

fn mark(kind: Kind) -> &'static str {
    match kind {
        Kind::Tag => "tag",
        Kind::Float => "field::float",
        Kind::Integer => "field::integer",
        Kind::Unsigned => "field::uinteger",
        Kind::Text => "field::string",
        Kind::Boolean => "field::boolean",
    }
}

/// More than any sync of so small a world needs.
const MOST_QUESTIONS: usize = 20_000;
/// The longest that a write takes until it is seen, in nanoseconds.
pub(super) const SETTLES_WITHIN: i64 = 10 * SECOND;
