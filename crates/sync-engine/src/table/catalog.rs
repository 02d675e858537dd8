//! Which tables there are to sync.

use sync_core::{SyncError, Table};

use crate::settings::{Measurements, Settings};
use crate::table::SourceTable;
use crate::time_series::{Profile, TableInfo};

/// What the database has of what the customer asks for.
#[derive(Debug)]
pub(crate) struct Discovered {
    /// Each measurement that the customer asks for and that is there, or why it cannot be synced.
    pub(crate) tables: Vec<Result<SourceTable, UnusableTable>>,
    /// What the customer should know, each a sentence.
    pub(crate) warnings: Vec<String>,
}

/// A measurement that the settings do not fit.
#[derive(Debug)]
pub struct UnusableTable {
    /// The name that its table would have.
    pub table: String,
    /// Why, for the customer.
    pub error: SyncError,
}

/// The tables that there are to sync, and the measurements of which none can be made; what a
/// customer should know besides is logged.
///
/// # Errors
///
/// None of the measurements is there that were asked for by name.
pub fn catalog(
    listed: Vec<TableInfo>,
    settings: &Settings,
    profile: &Profile,
) -> Result<(Vec<Table>, Vec<UnusableTable>), SyncError> {
    let discovered = discover(listed, settings, profile)?;
    for warning in &discovered.warnings {
        tracing::warn!("{warning}");
    }
    let (mut tables, mut unusable) = (Vec::new(), Vec::new());
    for table in discovered.tables {
        match table {
            Ok(source) => tables.push(source.table),
            Err(error) => unusable.push(error),
        }
    }
    Ok((tables, unusable))
}

/// Decides which of the listed measurements are wanted, and what they become.
///
/// # Errors
///
/// None of the measurements is there that were asked for by name.
pub(crate) fn discover(
    listed: Vec<TableInfo>,
    settings: &Settings,
    profile: &Profile,
) -> Result<Discovered, SyncError> {
    let (infos, mut warnings) = wanted(listed, settings)?;

    let columns = infos.iter().flat_map(|info| {
        info.columns.iter().map(|column| (info.name.as_str(), column.name.as_str()))
    });
    warnings.extend(settings.column_types.unused(columns).map(|key| {
        format!("`column_types` has {key:?}, which is no column of a synced measurement.")
    }));

    let describe = |info: TableInfo| {
        let table = settings.destination.as_ref().unwrap_or(&info.name).clone();
        SourceTable::new(info, settings, profile).map_err(|error| UnusableTable { table, error })
    };
    let tables: Vec<_> = infos.into_iter().map(describe).collect();
    for table in tables.iter().flatten() {
        warnings.extend(table.warnings.iter().cloned());
    }
    Ok(Discovered { tables, warnings })
}

/// The measurements that are asked for and that there are, with a warning for each that there is
/// not.
fn wanted(
    infos: Vec<TableInfo>,
    settings: &Settings,
) -> Result<(Vec<TableInfo>, Vec<String>), SyncError> {
    let Measurements::Listed(names) = &settings.measurements else {
        let empty = format!("Database {:?} has no measurement yet.", settings.database);
        let warnings = if infos.is_empty() { vec![empty] } else { Vec::new() };
        return Ok((infos, warnings));
    };
    let missing: Vec<_> =
        names.iter().filter(|name| !infos.iter().any(|info| info.name == **name)).collect();
    let sentence =
        |name: &&String| format!("{}.", missing_sentence(name, &infos, &settings.database));
    let warnings: Vec<_> = missing.iter().map(sentence).collect();
    if missing.len() == names.len() {
        let first = missing_sentence(&names[0], &infos, &settings.database);
        return Err(SyncError::setup(first, "Correct `measurement`, or set it to `*` for all"));
    }
    Ok((infos.into_iter().filter(|info| names.contains(&info.name)).collect(), warnings))
}

fn missing_sentence(name: &str, infos: &[TableInfo], database: &str) -> String {
    let nearest = infos
        .iter()
        .map(|info| (strsim::damerau_levenshtein(name, &info.name), &info.name))
        .min()
        .filter(|(distance, nearest)| distance * 2 <= nearest.chars().count());
    let hint =
        nearest.map(|(_, nearest)| format!(" (did you mean {nearest:?}?)")).unwrap_or_default();
    format!("Database {database:?} has no measurement {name:?}{hint}")
}
