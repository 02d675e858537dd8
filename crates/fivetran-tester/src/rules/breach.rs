//! Breaches of rules: one for each rule and place, with a count.

use std::collections::BTreeMap;
use std::fmt;

use super::Rule;
use crate::TableName;

/// Where a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In no table: in the form, or in the stream as a whole.
    Connector,
    /// In a table.
    Table(TableName),
    /// In a column.
    Column(TableName, String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector => f.write_str("the connector"),
            Self::Table(table) => write!(f, "table `{table}`"),
            Self::Column(table, column) => write!(f, "column `{column}` of table `{table}`"),
        }
    }
}

/// A rule that was broken in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// Where.
    pub place: Place,
    /// How often.
    pub count: u64,
    /// What was seen the first time.
    pub first: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, place, count, first } = self;
        write!(f, "{place}: {rule}")?;
        match (*count, first.as_str()) {
            (..=1, "") => Ok(()),
            (..=1, first) => write!(f, ": {first}"),
            (count, "") => write!(f, ", {count} times"),
            (count, first) => write!(f, ", {count} times; first: {first}"),
        }
    }
}

/// Collects breaches. Its memory grows with the number of rules and places, and not with the
/// stream.
#[derive(Debug, Default)]
pub(crate) struct Breaches {
    noted: BTreeMap<(Rule, Place), (u64, String)>,
}

impl Breaches {
    /// Notes a breach. Calls `first` only for the first breach of the rule in this place.
    pub(crate) fn note(&mut self, rule: Rule, place: Place, first: impl FnOnce() -> String) {
        self.note_many(rule, place, 1, first);
    }

    pub(crate) fn note_many(
        &mut self,
        rule: Rule,
        place: Place,
        count: u64,
        first: impl FnOnce() -> String,
    ) {
        if count > 0 {
            self.noted.entry((rule, place)).or_insert_with(|| (0, first())).0 += count;
        }
    }

    /// All breaches, by rule and place.
    pub(crate) fn into_vec(self) -> Vec<Breach> {
        let breach = |((rule, place), (count, first))| Breach { rule, place, count, first };
        self.noted.into_iter().map(breach).collect()
    }
}
