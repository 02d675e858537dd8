//! Converts the customer's selection to that of [`sync_core`].

use fivetran_wire::selection::Selection as Selected;
use fivetran_wire::{SchemaSelection, TableSelection};
use sync_core::{ColumnRules, Rules, Selection, TableRules};

/// Without a selection, everything is selected. If a name is listed twice, its last entry counts.
pub(crate) fn selection(selected: Option<fivetran_wire::Selection>) -> Selection {
    match selected.and_then(|selected| selected.selection) {
        None => Selection::Everything,
        Some(Selected::WithoutSchema(selected)) => {
            Selection::Tables(tables(selected.tables, selected.include_new_tables))
        }
        Some(Selected::WithSchema(selected)) => Selection::Schemas(Rules {
            listed: selected.schemas.into_iter().map(schema).collect(),
            unlisted: selected.include_new_schemas.into(),
        }),
    }
}

fn schema(schema: SchemaSelection) -> (String, Option<TableRules>) {
    let rules = schema.included.then(|| tables(schema.tables, schema.include_new_tables));
    (schema.schema_name, rules)
}

fn tables(listed: Vec<TableSelection>, include_new: bool) -> TableRules {
    Rules { listed: listed.into_iter().map(table).collect(), unlisted: include_new.into() }
}

fn table(table: TableSelection) -> (String, Option<ColumnRules>) {
    let columns = table.columns.into_iter().map(|(name, included)| (name, included.then_some(())));
    let rules = Rules { listed: columns.collect(), unlisted: table.include_new_columns.into() };
    (table.table_name, table.included.then_some(rules))
}
