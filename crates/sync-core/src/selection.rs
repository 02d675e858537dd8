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

/// Rules for things of one kind: those listed by name, and those that nobody has listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules<T> {
    /// By name: `Some` includes the thing, with the rules for what is in it; `None` excludes it.
    pub listed: BTreeMap<String, Option<T>>,
    /// What is to become of a thing that is not listed.
    pub unlisted: Unlisted,
}

/// What is to become of a thing that is in no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unlisted {
    /// It is included, with all that is in it.
    Included,
    /// It is excluded.
    Excluded,
    /// The platform has not heard of it, and takes nothing of it in this sync. It is no more than
    /// late: the next sync declares it first.
    Unknown,
}

/// What is selected of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// The table with these columns; key columns are always among them, since without them rows
    /// would merge.
    Selected(Table),
    /// Nothing.
    Excluded,
    /// The platform has not heard of the table, or of one of its columns, so that none of its rows
    /// can be sent in this sync. Nothing is wrong, and nothing is lost: the next sync sends them.
    Unknown,
}

/// The answer for one thing.
enum Rule<'a, T> {
    Excluded,
    Unknown,
    /// Included, with everything in it.
    Whole,
    /// Included, as far as these rules go.
    Within(&'a T),
}

impl<T> Rules<T> {
    fn of(&self, name: &str) -> Rule<'_, T> {
        match (self.listed.get(name), self.unlisted) {
            (Some(Some(rules)), _) => Rule::Within(rules),
            (Some(None), _) | (None, Unlisted::Excluded) => Rule::Excluded,
            (None, Unlisted::Included) => Rule::Whole,
            (None, Unlisted::Unknown) => Rule::Unknown,
        }
    }
}

impl Selection {
    /// The part of `table` that is selected.
    #[must_use]
    pub fn project(&self, table: &Table) -> Projection {
        let rules = match self.rule(table) {
            Rule::Excluded => return Projection::Excluded,
            Rule::Unknown => return Projection::Unknown,
            Rule::Whole => return Projection::Selected(table.clone()),
            Rule::Within(rules) => rules,
        };
        let is_unknown = |column: &Column| matches!(rules.of(&column.name), Rule::Unknown);
        if table.columns.iter().any(is_unknown) {
            return Projection::Unknown;
        }
        let is_selected = |column: &&Column| {
            column.primary_key || !matches!(rules.of(&column.name), Rule::Excluded)
        };
        let columns = table.columns.iter().filter(is_selected).cloned().collect();
        Projection::Selected(Table { columns, ..table.clone() })
    }

    fn rule(&self, table: &Table) -> Rule<'_, ColumnRules> {
        match self {
            Self::Everything => Rule::Whole,
            Self::Tables(tables) => tables.of(&table.name),
            // A table without a schema cannot be listed in one.
            Self::Schemas(schemas) => match schemas.of(table.schema.as_deref().unwrap_or_default())
            {
                Rule::Within(tables) => tables.of(&table.name),
                Rule::Whole => Rule::Whole,
                Rule::Excluded => Rule::Excluded,
                Rule::Unknown => Rule::Unknown,
            },
        }
    }
}

impl Projection {
    /// The selected table, if any of it can be sent in this sync.
    #[must_use]
    pub fn selected(self) -> Option<Table> {
        match self {
            Self::Selected(table) => Some(table),
            Self::Excluded | Self::Unknown => None,
        }
    }
}

impl From<bool> for Unlisted {
    /// Whether what is new is included, as a platform says it that knows all there is.
    fn from(is_included: bool) -> Self {
        if is_included { Self::Included } else { Self::Excluded }
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnRules, Projection, Rules, Selection, Unlisted};
    use crate::{Column, DataType, Table};

    fn rules<T>(
        unlisted: impl Into<Unlisted>,
        listed: impl IntoIterator<Item = (&'static str, Option<T>)>,
    ) -> Rules<T> {
        let listed = listed.into_iter().map(|(name, rules)| (name.to_owned(), rules)).collect();
        Rules { listed, unlisted: unlisted.into() }
    }

    fn columns(unlisted: impl Into<Unlisted>, listed: &[(&'static str, bool)]) -> ColumnRules {
        rules(unlisted, listed.iter().map(|&(name, included)| (name, included.then_some(()))))
    }

    fn table(schema: Option<&str>) -> Table {
        Table {
            schema: schema.map(str::to_owned),
            name: "cpu".to_owned(),
            columns: vec![
                Column::key("id", DataType::Long),
                Column::new("load", DataType::Double),
                Column::new("host", DataType::String),
            ],
        }
    }

    fn check(selection: &Selection, schema: Option<&str>, expect: Option<&[&str]>) {
        let projected = selection.project(&table(schema)).selected();
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

    #[test]
    fn a_table_with_anything_that_is_unknown_is_unknown() {
        let tables = |rule| Selection::Tables(rules(Unlisted::Unknown, rule));
        let listed = |names: &[(&'static str, bool)]| {
            tables(vec![("cpu", Some(columns(Unlisted::Unknown, names)))])
        };
        assert_eq!(tables(Vec::new()).project(&table(None)), Projection::Unknown);
        assert_eq!(tables(vec![("cpu", None)]).project(&table(None)), Projection::Excluded);
        check(
            &listed(&[("id", true), ("load", false), ("host", true)]),
            None,
            Some(&["id", "host"]),
        );
        for known in [["id", "load"], ["load", "host"]] {
            let known = known.map(|name| (name, true));
            assert_eq!(listed(&known).project(&table(None)), Projection::Unknown);
        }
    }
}
