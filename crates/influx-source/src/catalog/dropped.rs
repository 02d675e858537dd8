//! Tables that are dropped and still listed.

use influx_flight::{Client, TableInfo};
use sync_engine::Failure;

use crate::influxdb::failure;

/// Leaves out the listed tables that are dropped and only wait to be deleted for good.
///
/// InfluxDB renames a dropped table to `name-20250601T000000`. Anybody may give a table such a
/// name, so the name alone proves nothing: it is the reason to ask.
pub(crate) async fn leave_out(client: &Client, tables: &mut Vec<TableInfo>) -> Result<(), Failure> {
    if !tables.iter().any(|table| may_be_dropped(&table.name)) {
        return Ok(());
    }
    match client.dropped_tables().await.map_err(failure) {
        Ok(dropped) => {
            tables.retain(|table| !(may_be_dropped(&table.name) && dropped.contains(&table.name)));
            Ok(())
        }
        // An outage says nothing about the tables.
        Err(failure) if failure.is_transient() => Err(failure),
        Err(failure) => {
            tracing::info!(
                reason = failure.reason(),
                "InfluxDB does not tell which tables are dropped, so all are synced"
            );
            Ok(())
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
