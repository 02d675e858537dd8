//! A model database: it answers the engine's questions from the world's points, slowly, partially
//! or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use sync_engine::{
    About, Bin, ColumnInfo, ColumnType, Columns, Count, ErrorKind, Failure, File, Item, Profile,
    Role, Server, TableInfo, TimeSeries, Window,
};

use super::answer::ModelAnswer;
use super::failure::{NO_MEMORY, TOO_MANY_FILES, UNAVAILABLE, failure};
use super::history::{Kind, MINUTE, Measurement, SECOND};
use super::time::iso8601;
use super::world::{Files, Identity, Limit, Shared, World};

/// The key under which a column of an answer says what it is.
const MARK: &str = "kind";

/// A database of a simulated server.
pub(super) struct Model(pub(super) Shared);

impl TimeSeries for Model {
    const PROFILE: Profile = Profile { name: "The model", file_span: 10 * MINUTE, most_files: 400 };

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

    async fn now(&self) -> Result<i64, Failure> {
        self.ask("now").await?;
        let mut world = self.0.lock();
        let now = world.now() + world.server_skew;
        world.observed.server.get_or_insert(now);
        Ok(now)
    }

    async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        self.ask("tables").await?;
        let mut tables: Vec<_> = {
            let world = self.0.lock();
            let now = world.now();
            let lists_lag = world.lists_lag;
            let info = |one: &Measurement| TableInfo {
                name: one.name.clone(),
                columns: columns(
                    one,
                    if lists_lag { (now - 5 * SECOND).max(one.visible) } else { now },
                ),
            };
            world.shown().map(|(_, one)| info(one)).collect()
        };
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        // What looks like the name of a dropped table is a reason to ask, which may fail.
        if tables.iter().any(|table| table.name.contains('-')) {
            match self.ask("dropped tables").await {
                Ok(()) => {
                    let world = self.0.lock();
                    let is_dropped = |name: &str| {
                        world.shown().any(|(_, one)| one.name == name && one.is_dropped)
                    };
                    tables.retain(|table| !(world.tells_dropped && is_dropped(&table.name)));
                }
                Err(failure) if failure.is_transient() => return Err(failure),
                Err(_) => {}
            }
        }
        Ok(tables)
    }

    async fn has_points(&self, measurement: &str, window: Window) -> Result<bool, Failure> {
        self.ask("any point").await?;
        let world = self.0.lock();
        let found = find(&world, measurement)?;
        check_limit(&world, found, window.from(), window.to())?;
        check_length(&world, found, window.from(), window.to())?;
        Ok(found.seen(world.now(), window.from(), window.to()).next().is_some())
    }

    async fn columns(&self, measurement: &str) -> Result<SchemaRef, Failure> {
        self.ask("columns").await?;
        let world = self.0.lock();
        schema(&world, find(&world, measurement)?, &Columns::All)
    }

    async fn files(
        &self,
        measurement: &str,
        since: &BTreeMap<String, u64>,
    ) -> Result<Vec<File>, Failure> {
        let asked = self.ask("files").await;
        let mut world = self.0.lock();
        let now = world.now();
        let refused = match asked {
            Err(failure) => Some(failure),
            Ok(()) => match (find(&world, measurement).err(), world.files) {
                (Some(failure), _) => Some(failure),
                (None, Files::Hidden) => Some(failure(ErrorKind::Refused)),
                (None, Files::Flaky) if world.chance(30) => Some(failure(ErrorKind::Refused)),
                (None, _) => None,
            },
        };
        if let Some(failure) = refused {
            world.observed.unlisted.insert(measurement.to_owned());
            world.tell(|| format!("files of {measurement}: {:?}", failure.kind()));
            return Err(failure);
        }
        let files = match world.files {
            Files::AlwaysEmpty => Vec::new(),
            _ => find(&world, measurement).map(|found| found.files.clone()).unwrap_or_default(),
        };
        world.tell(|| format!("files of {measurement}: {}", files.len()));
        let listed = (now, files.clone());
        world.observed.listed.entry(measurement.to_owned()).or_default().push(listed);
        Ok(only_since(files, since))
    }

    async fn counts(
        &self,
        measurement: &str,
        fields: &[String],
        window: Window,
        bin: Bin,
    ) -> Result<BTreeMap<i64, Count>, Failure> {
        let asked = self.ask("counts").await;
        let mut world = self.0.lock();
        let counted = asked.and_then(|()| {
            let found = find(&world, measurement)?;
            check_limit(&world, found, window.from(), window.to())?;
            check_length(&world, found, window.from(), window.to())?;
            let length = bin.length();
            let mut counts = BTreeMap::<i64, Count>::new();
            for ((time, _), version) in found.seen(world.now(), window.from(), window.to()) {
                let count = counts.entry(time.div_euclid(length) * length).or_default();
                count.points += 1;
                let has = |field: &&String| version.fields.contains_key(*field);
                count.cells += fields.iter().filter(has).count() as u64;
            }
            Ok(counts)
        });
        match &counted {
            // A count that reads too much is asked for again in parts.
            Err(failure) if failure.refusal().is_some() && window.length() > 1 => {}
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
    ) -> Result<ModelAnswer, Failure> {
        self.pass_time().await;
        let mut world = self.0.lock();
        let read = self.begin_answer(&mut world, measurement, columns, window);
        world.tell(|| match &read {
            Ok(answer) => format!("read {measurement}, {window}: {} rows", answer.rows()),
            Err(failure) => format!("read {measurement}, {window}: {:?}", failure.kind()),
        });
        read
    }

    fn role(&self, field: &Field) -> Option<Role> {
        Some(match field.metadata().get(MARK)?.as_str() {
            "tag" => Role::Tag,
            "time" => Role::Time,
            _ => Role::Field,
        })
    }
}

impl Model {
    /// Takes a question in: time passes, something may happen, and it may go wrong.
    async fn ask(&self, question: &str) -> Result<(), Failure> {
        self.pass_time().await;
        let mut world = self.0.lock();
        let now = world.now();
        let percent = world.faults.question;
        let refused = if now < world.token_refused_until {
            Some(ErrorKind::Setup)
        } else if now < world.down_until {
            Some(UNAVAILABLE)
        } else if world.chance(percent) {
            Some(match world.pick(&[3, 1]) {
                0 => UNAVAILABLE,
                _ => {
                    world.token_refused_until = now + world.stretch();
                    ErrorKind::Setup
                }
            })
        } else {
            None
        };
        let is_missing = world.missing.contains(&world.here);
        let refused = refused.or(is_missing.then_some(ErrorKind::DatabaseGone));
        match refused {
            Some(kind) => {
                world.tell(|| format!("{question}: {kind:?}"));
                Err(failure(kind))
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
    ) -> Result<ModelAnswer, Failure> {
        let now = world.now();
        if now < world.token_refused_until {
            return Err(failure(ErrorKind::Setup));
        }
        if now < world.outage_until.max(world.down_until) {
            return Err(failure(UNAVAILABLE));
        }
        if world.missing.contains(&world.here) {
            return Err(failure(ErrorKind::DatabaseGone));
        }
        let percent = world.faults.read;
        if world.chance(percent) {
            return Err(failure(match world.pick(&[6, 2, 2, 1]) {
                0 => UNAVAILABLE,
                1 => ErrorKind::Retry { after: Some(Duration::from_secs(7)) },
                2 => NO_MEMORY,
                _ => {
                    world.outage_until = now + world.stretch() / 8;
                    UNAVAILABLE
                }
            }));
        }
        let found = find(world, measurement)?;
        let schema = schema(world, found, columns)?;
        check_limit(world, found, window.from(), window.to())?;
        check_length(world, found, window.from(), window.to())?;
        let many = found.seen(now, window.from(), window.to()).count();
        if world.deadly.is_some_and(|most| many > most) {
            world.down_until = now + (world.stretch() / 32).min(world.longest_down);
            let until = world.down_until;
            world.tell(|| {
                format!("a window of {many} points brings the server down until {}", iso8601(until))
            });
            return Err(failure(UNAVAILABLE));
        }
        let found = find(world, measurement)?;
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
        // Time is simulated, so this takes none.
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

pub(super) fn find<'a>(world: &'a World, measurement: &str) -> Result<&'a Measurement, Failure> {
    world.measurement(measurement).ok_or_else(|| failure(ErrorKind::TableGone))
}

fn check_limit(
    world: &World,
    measurement: &Measurement,
    from: i64,
    to: i64,
) -> Result<(), Failure> {
    let now = world.now();
    match world.limit {
        Limit::Files(most) if measurement.files_in(from, to) > most => Err(failure(TOO_MANY_FILES)),
        Limit::Days(most) if measurement.days_in(now, from, to) > most => {
            Err(failure(TOO_MANY_FILES))
        }
        Limit::Rows(most) if measurement.seen(now, from, to).count() > most => {
            Err(failure(NO_MEMORY))
        }
        _ => Ok(()),
    }
}

/// Cuts off what takes too long.
fn check_length(
    world: &World,
    measurement: &Measurement,
    from: i64,
    to: i64,
) -> Result<(), Failure> {
    let many = measurement.seen(world.now(), from, to).count();
    match world.cut_off {
        Some(most) if many > most => Err(failure(UNAVAILABLE)),
        _ => Ok(()),
    }
}

/// What of some files is asked for: of each node that is named, from a sequence on.
pub(super) fn only_since(mut files: Vec<File>, since: &BTreeMap<String, u64>) -> Vec<File> {
    files.retain(|file| since.get(&file.node).is_none_or(|since| file.sequence >= *since));
    files
}

fn columns(measurement: &Measurement, now: i64) -> Vec<ColumnInfo> {
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

/// The columns of an answer, each with what it is, unless an expression makes it.
pub(super) fn schema(
    world: &World,
    measurement: &Measurement,
    columns: &Columns,
) -> Result<SchemaRef, Failure> {
    let known: BTreeMap<_, _> = measurement.columns_at(world.now()).collect();
    let marked = |name: &str, data_type, is_nullable, mark: &str| {
        let metadata = [(MARK.to_owned(), mark.to_owned())].into();
        Field::new(name, data_type, is_nullable).with_metadata(metadata)
    };
    let time = || marked("time", DataType::Timestamp(TimeUnit::Nanosecond, None), false, "time");
    let field = |name: &str| match known.get(name) {
        _ if name == "time" => Ok(time()),
        Some(Kind::Tag) => Ok(marked(name, DataType::Utf8, true, "tag")),
        Some(&kind) => Ok(marked(name, arrow_type(kind), true, "field")),
        None => Err(failure(ErrorKind::ColumnsChanged)),
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
                Item::Column(name) => field(name),
                Item::TagOrEmpty(name) => {
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

/// More than any sync of so small a world needs.
const MOST_QUESTIONS: usize = 20_000;
/// The longest that a write takes until it is seen, in nanoseconds.
pub(super) const SETTLES_WITHIN: i64 = 10 * SECOND;
