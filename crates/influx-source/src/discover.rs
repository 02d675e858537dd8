//! Which tables there are to sync.

use std::collections::BTreeSet;

use influx_flight::{DroppedTables, Error, TableInfo};
use sync_core::SyncError;

use crate::config::{InfluxConfig, Measurements};
use crate::database::Database;
use crate::table::SourceTable;

/// What a look at the database has found.
#[derive(Debug)]
pub(crate) struct Discovered {
    /// Each measurement that the customer asks for and that is there, or why it cannot be synced.
    pub(crate) tables: Vec<Result<SourceTable, Unfit>>,
    /// What the customer should know, each a sentence.
    pub(crate) warnings: Vec<String>,
}

/// A measurement that the configuration does not fit.
#[derive(Debug)]
pub(crate) struct Unfit {
    /// The name that its table would have.
    pub(crate) table: String,
    pub(crate) error: SyncError,
}

/// Decides which of the listed measurements are wanted, and what they become.
///
/// # Errors
///
/// None of the measurements is there that were asked for by name.
pub(crate) fn discover(
    listed: Vec<TableInfo>,
    config: &InfluxConfig,
) -> Result<Discovered, SyncError> {
    let (infos, mut warnings) = wanted(listed, config)?;

    let columns = infos.iter().flat_map(|info| {
        info.columns.iter().map(|column| (info.name.as_str(), column.name.as_str()))
    });
    warnings.extend(config.column_types.unused(columns).map(|key| {
        format!("`column_types` has {key:?}, which is no column of a synced measurement.")
    }));

    let describe = |info: TableInfo| {
        let table = config.destination.as_ref().unwrap_or(&info.name).clone();
        SourceTable::new(info, config).map_err(|error| Unfit { table, error })
    };
    let tables: Vec<_> = infos.into_iter().map(describe).collect();
    for table in tables.iter().flatten() {
        warnings.extend(table.warnings.iter().cloned());
    }
    Ok(Discovered { tables, warnings })
}

/// The names of the wanted measurements that there are.
///
/// # Errors
///
/// None of the measurements is there that were asked for by name.
pub(crate) fn names(
    listed: Vec<TableInfo>,
    config: &InfluxConfig,
) -> Result<Vec<String>, SyncError> {
    let (infos, _) = wanted(listed, config)?;
    Ok(infos.into_iter().map(|info| info.name).collect())
}

/// The measurements that there are, without those that are dropped.
///
/// # Errors
///
/// InfluxDB does not answer.
pub(crate) async fn listed(database: &impl Database) -> Result<Vec<TableInfo>, Error> {
    let mut infos = database.tables().await?;
    let dropped = dropped_tables(database, &infos).await?;
    infos.retain(|info| !(may_be_dropped(&info.name) && dropped.contains(&info.name)));
    Ok(infos)
}

/// The measurements that are asked for and that there are, with a warning for each that there is not.
fn wanted(
    infos: Vec<TableInfo>,
    config: &InfluxConfig,
) -> Result<(Vec<TableInfo>, Vec<String>), SyncError> {
    let Measurements::Listed(names) = &config.measurements else {
        let empty = format!("Database {:?} has no measurement yet.", config.database);
        let warnings = if infos.is_empty() { vec![empty] } else { Vec::new() };
        return Ok((infos, warnings));
    };
    let missing: Vec<_> =
        names.iter().filter(|name| !infos.iter().any(|info| info.name == **name)).collect();
    let sentence =
        |name: &&String| format!("{}.", missing_sentence(name, &infos, &config.database));
    let warnings: Vec<_> = missing.iter().map(sentence).collect();
    if missing.len() == names.len() {
        let first = missing_sentence(&names[0], &infos, &config.database);
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

/// The listed tables that are dropped and only wait to be deleted for good.
///
/// InfluxDB renames a dropped table to `name-20250601T000000`. Anybody may give a table such a name, so the name alone proves nothing: it
/// is the reason to ask.
async fn dropped_tables(
    database: &impl Database,
    infos: &[TableInfo],
) -> Result<BTreeSet<String>, Error> {
    if !infos.iter().any(|info| may_be_dropped(&info.name)) {
        return Ok(BTreeSet::new());
    }
    match database.dropped_tables().await {
        DroppedTables::Known(names) => Ok(names),
        // An outage says nothing about the tables.
        DroppedTables::Unknown(error) if error.kind().is_transient() => Err(error),
        DroppedTables::Unknown(error) => {
            tracing::info!(reason = ?error.kind(), "InfluxDB does not tell which tables are dropped, so all are synced");
            Ok(BTreeSet::new())
        }
    }
}

/// Whether a name ends like that of a dropped table, as in `census-20250601T000000`.
fn may_be_dropped(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((_, suffix)) = name.rsplit_once('-') else { return false };
    matches!(suffix.split_once('T'), Some((date, time))
        if date.len() == 8 && time.len() == 6 && digits(date) && digits(time))
}

#[cfg(test)]
mod tests {
    use super::may_be_dropped;

    #[test]
    fn knows_the_names_of_dropped_tables() {
        for (name, expected) in [
            ("census-20250601T000000", true),
            ("a-b-20250601T000000", true),
            ("census", false),
            ("census-20250601", false),
            ("census-20250601T00000", false),
            ("census-2025060xT000000", false),
            ("census20250601T000000", false),
        ] {
            assert_eq!(may_be_dropped(name), expected, "{name}");
        }
    }
}
