//! What the customer wants of what there is.

use std::collections::BTreeMap;

use crate::{Column, Table};

/// What the customer wants: everything, or rules in the shape of the source's
/// [`Catalog`](crate::Catalog).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All tables and columns.
    #[default]
    Everything,
    /// Rules for tables in one space of names.
    Tables(TableRules),
    /// Rules for tables grouped in schemas.
    Schemas(SchemaRules),
}

/// Rules for schemas, each with rules for its tables.
pub type SchemaRules = Rules<TableRules>;
/// Rules for tables, each with rules for its columns.
pub type TableRules = Rules<ColumnRules>;
/// Rules for columns.
pub type ColumnRules = Rules<()>;

/// Rules for things of one kind: those listed by name, and those that nobody has listed because
/// they are new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules<T> {
    /// By name: `Some` includes the thing, with the rules for what is in it; `None` excludes it.
    pub listed: BTreeMap<String, Option<T>>,
    /// Whether a thing that is not listed is included, with all that is in it.
    pub include_new: bool,
}

/// The answer for one thing.
enum Rule<'a, T> {
    Excluded,
    /// Included, with everything in it.
    Whole,
    /// Included, as far as these rules go.
    Within(&'a T),
}

impl<T> Rules<T> {
    fn of(&self, name: &str) -> Rule<'_, T> {
        match self.listed.get(name) {
            Some(Some(rules)) => Rule::Within(rules),
            Some(None) => Rule::Excluded,
            None if self.include_new => Rule::Whole,
            None => Rule::Excluded,
        }
    }
}

impl Selection {
    /// The part of `table` that is selected, or `None` if the table is not.
    ///
    /// Key columns always are: without them rows would merge.
    #[must_use]
    pub fn project(&self, table: &Table) -> Option<Table> {
        let rules = match self {
            Self::Everything => Rule::Whole,
            Self::Tables(tables) => tables.of(&table.name),
            // A table without a schema cannot be listed in one: it is new.
            Self::Schemas(schemas) => match schemas.of(table.schema.as_deref().unwrap_or_default())
            {
                Rule::Within(tables) => tables.of(&table.name),
                Rule::Whole => Rule::Whole,
                Rule::Excluded => Rule::Excluded,
            },
        };
        let selected = |column: &&Column| match rules {
            Rule::Within(columns) => {
                column.primary_key || !matches!(columns.of(&column.name), Rule::Excluded)
            }
            Rule::Whole => true,
            Rule::Excluded => false,
        };
        match rules {
            Rule::Excluded => None,
            Rule::Whole | Rule::Within(_) => Some(Table {
                schema: table.schema.clone(),
                name: table.name.clone(),
                columns: table.columns.iter().filter(selected).cloned().collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnRules, Rules, Selection};
    use crate::{Column, DataType, Table};

    fn rules<T>(
        include_new: bool,
        listed: impl IntoIterator<Item = (&'static str, Option<T>)>,
    ) -> Rules<T> {
        let listed = listed.into_iter().map(|(name, rules)| (name.to_owned(), rules)).collect();
        Rules { listed, include_new }
    }

    fn columns(include_new: bool, listed: &[(&'static str, bool)]) -> ColumnRules {
        rules(include_new, listed.iter().map(|&(name, included)| (name, included.then_some(()))))
    }

    fn check(selection: &Selection, schema: Option<&str>, expect: Option<&[&str]>) {
        let table = Table {
            schema: schema.map(str::to_owned),
            name: "cpu".to_owned(),
            columns: vec![
                Column::key("id", DataType::Long),
                Column::new("load", DataType::Double),
                Column::new("host", DataType::String),
            ],
        };
        let projected = selection.project(&table);
        let names = projected.as_ref().map(|table| {
            table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>()
        });
        assert_eq!(names.as_deref(), expect, "{selection:?}");
    }

    #[test]
    fn without_rules_everything_is_selected() {
        check(&Selection::Everything, None, Some(&["id", "load", "host"]));
        check(&Selection::Everything, Some("db"), Some(&["id", "load", "host"]));
    }

    #[test]
    fn a_listed_table_follows_its_rule_and_a_new_one_the_default() {
        let tables = |new, rule| Selection::Tables(rules(new, [("cpu", rule)]));
        check(&tables(true, None), None, None);
        check(&tables(false, Some(columns(true, &[]))), None, Some(&["id", "load", "host"]));
        check(&Selection::Tables(rules(true, [])), None, Some(&["id", "load", "host"]));
        check(&Selection::Tables(rules(false, [])), None, None);
    }

    #[test]
    fn columns_follow_their_rules_but_the_key_always_comes() {
        let only = |rule| Selection::Tables(rules(false, [("cpu", Some(rule))]));
        check(&only(columns(false, &[])), None, Some(&["id"]));
        check(&only(columns(false, &[("host", true), ("id", false)])), None, Some(&["id", "host"]));
        check(&only(columns(true, &[("host", false)])), None, Some(&["id", "load"]));
    }

    #[test]
    fn schemas_are_asked_before_tables() {
        let schemas = |new, rule| Selection::Schemas(rules(new, [("db", rule)]));
        check(&schemas(true, None), Some("db"), None);
        check(&schemas(false, Some(rules(true, []))), Some("db"), Some(&["id", "load", "host"]));
        check(&schemas(false, Some(rules(false, []))), Some("db"), None);
        check(&schemas(true, None), Some("other"), Some(&["id", "load", "host"]));
        check(&schemas(false, None), Some("other"), None);
    }
}
