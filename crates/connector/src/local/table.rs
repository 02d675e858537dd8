//! Tables in the terminal.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

/// An empty table without lines, under a header.
pub(crate) fn table<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(header.into_iter().map(Into::into));
    table
}
