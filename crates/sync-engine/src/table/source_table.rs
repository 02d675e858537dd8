//! A measurement, and the table that it becomes in the warehouse.

use arrow_schema::{DataType as ArrowType, TimeUnit};
use sync_core::{Column, DataType, SyncError, Table};

use crate::settings::{PrimaryKey, Settings, TimeFormat};
use crate::table::shape::Shape;
use crate::time_series::{ColumnInfo, ColumnType, Profile, Role, TableInfo};

/// The key column that holds the hash of a point's tags.
pub(crate) const SERIES_ID: &str = "_series_id";
/// The key column that holds a point's time, in nanoseconds since 1970-01-01T00:00:00Z.
pub(crate) const TIME_NS: &str = "_time_ns";

/// A measurement, and the table that it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceTable {
    pub(crate) measurement: String,
    /// The names of its tags, in byte order.
    pub(crate) tags: Vec<String>,
    /// The table, with all columns: the key first, then the measurement's own in byte order.
    pub(crate) table: Table,
    /// All of its columns, also those that are not synced.
    pub(crate) shape: Shape,
    /// What the customer should know about it, each a sentence.
    pub(crate) warnings: Vec<String>,
}

impl SourceTable {
    /// Decides on names, key and types.
    ///
    /// # Errors
    ///
    /// The configuration does not fit the measurement.
    pub(crate) fn new(
        info: TableInfo,
        settings: &Settings,
        profile: &Profile,
    ) -> Result<Self, SyncError> {
        let measurement = info.name;
        let shape = Shape::new(&info.columns);
        let mut columns = key_columns(&measurement, &info.columns, settings.primary_key)?;
        let mut warnings = Vec::new();
        for column in &info.columns {
            let arrow_type = match &column.data_type {
                ColumnType::Arrow(arrow_type) if arrow_rows::column_type(arrow_type).is_some() => {
                    arrow_type
                }
                ColumnType::Arrow(_) | ColumnType::Unknown(_) => {
                    let kind = match &column.data_type {
                        ColumnType::Arrow(arrow_type) => arrow_type.to_string(),
                        ColumnType::Unknown(text) => text.clone(),
                    };
                    warnings.push(format!(
                        "Column {:?} of measurement {measurement:?} is not synced: this connector \
                         has no form for its type, {kind}.",
                        column.name
                    ));
                    continue;
                }
            };
            let data_type = column_type(&measurement, column, arrow_type, settings, profile)?;
            let primary_key =
                settings.primary_key == PrimaryKey::TagsAndTime && column.role == Role::Tag;
            columns.push(Column { name: column.name.clone(), data_type, primary_key });
        }
        let tags = info.columns.into_iter().filter(|column| column.role == Role::Tag);
        let mut tags: Vec<_> = tags.map(|tag| tag.name).collect();
        tags.sort_unstable();
        let name = settings.destination.as_ref().unwrap_or(&measurement);
        let table = Table::new(name, columns);
        Ok(Self { tags, table, shape, warnings, measurement })
    }
}

/// The columns that are added for the key.
fn key_columns(
    measurement: &str,
    columns: &[ColumnInfo],
    primary_key: PrimaryKey,
) -> Result<Vec<Column>, SyncError> {
    let added = match primary_key {
        PrimaryKey::Series => {
            vec![Column::key(SERIES_ID, DataType::String), Column::key(TIME_NS, DataType::Long)]
        }
        PrimaryKey::TagsAndTime => vec![Column::key(TIME_NS, DataType::Long)],
        PrimaryKey::None => Vec::new(),
    };
    match added.iter().find(|added| columns.iter().any(|column| column.name == added.name)) {
        Some(taken) => Err(SyncError::setup(
            format!(
                "Measurement {measurement:?} has a column {:?}, the name of a key column that this \
                 connector adds",
                taken.name
            ),
            "Leave the measurement out, or set `primary_key` to `none`",
        )),
        None => Ok(added),
    }
}

/// The type of a column: the one that the customer chose, or else the natural one.
fn column_type(
    measurement: &str,
    column: &ColumnInfo,
    arrow_type: &ArrowType,
    settings: &Settings,
    profile: &Profile,
) -> Result<DataType, SyncError> {
    let place = format!("column {:?} of measurement {measurement:?}", column.name);
    let chosen = settings.column_types.of(measurement, &column.name).map_err(|conflict| {
        let [(one, first), (other, second)] = conflict.keys;
        SyncError::setup(
            format!(
                "`column_types` gives {place} two types: {first} by {one:?} and {second} by \
                 {other:?}"
            ),
            "Remove one of the two",
        )
    })?;
    if column.role == Role::Time {
        return time_type(&place, chosen, settings.time_format);
    }
    match chosen {
        Some(chosen) if arrow_rows::can_become(arrow_type, chosen) => Ok(chosen),
        Some(chosen) => Err(SyncError::setup(
            format!(
                "`column_types` asks for {chosen} for {place}, which {} keeps as {arrow_type}",
                profile.name
            ),
            format!("Choose one of {}", listed(arrow_type)),
        )),
        None => arrow_rows::column_type(arrow_type)
            .ok_or_else(|| SyncError::bug(format!("There is no type for {place} ({arrow_type})"))),
    }
}

/// The type of the time: `time_format` and `column_types` must not contradict each other.
fn time_type(
    place: &str,
    chosen: Option<DataType>,
    format: TimeFormat,
) -> Result<DataType, SyncError> {
    let natural = format.natural_type();
    let time = ArrowType::Timestamp(TimeUnit::Nanosecond, None);
    match (chosen, format) {
        (None, _) => Ok(natural),
        (Some(chosen), _) if chosen == natural => Ok(natural),
        // Text has two forms, so it is `time_format` that has to say which.
        (Some(chosen), TimeFormat::UtcDateTime)
            if chosen != DataType::String && arrow_rows::can_become(&time, chosen) =>
        {
            Ok(chosen)
        }
        (Some(chosen), format) => Err(SyncError::setup(
            format!(
                "`column_types` asks for {chosen} for {place}, and `time_format` is `{}`",
                format.as_str()
            ),
            "Make the two agree: STRING goes with `iso8601` or `iso8601_micros`, any other type \
             with `utc_datetime`",
        )),
    }
}

/// The types that a column can have, its natural one first.
fn listed(arrow_type: &ArrowType) -> String {
    let types =
        arrow_rows::column_type(arrow_type).into_iter().chain(arrow_rows::casts(arrow_type));
    types.map(|data_type| data_type.to_string()).collect::<Vec<_>>().join(", ")
}
