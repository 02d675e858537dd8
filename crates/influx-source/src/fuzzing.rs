//! What the fuzz targets of `xtask/fuzz` drive: SQL as it is built.

use sync_engine::{Bin, Columns, Item, Window};

use crate::influxdb as sql;

/// Every data query of a measurement in a window; `None` if the window is empty.
///
/// The first selects the columns, the next the same as tags in which null is an empty text; then
/// come all columns, any point, counts by day and by hour, and the list of columns.
#[must_use]
pub fn statements(
    measurement: &str,
    columns: &[String],
    from: i64,
    to: i64,
) -> Option<[String; 7]> {
    let window = Window::new(from, to)?;
    let items =
        |item: fn(String) -> Item| Columns::Listed(columns.iter().cloned().map(item).collect());
    Some([
        sql::select(measurement, &items(Item::Column), window),
        sql::select(measurement, &items(Item::TagOrEmpty), window),
        sql::select(measurement, &Columns::All, window),
        sql::any_point(measurement, window),
        sql::counts(measurement, columns, window, Bin::Day),
        sql::counts(measurement, columns, window, Bin::Hour),
        sql::columns(measurement),
    ])
}
