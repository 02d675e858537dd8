//! Problems of a configuration.

use std::fmt;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and what to do, as a clause that follows the field's name. It never holds a
    /// secret.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` {}", self.field, self.text)
    }
}

/// Everything that is wrong with a configuration: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    first: Problem,
    rest: Vec<Problem>,
}

impl From<Problem> for Problems {
    fn from(first: Problem) -> Self {
        Self { first, rest: Vec::new() }
    }
}

impl Problems {
    /// `None` if nothing is wrong.
    pub(crate) fn of(found: Vec<Problem>) -> Option<Self> {
        let mut found = found.into_iter();
        found.next().map(|first| Self { first, rest: found.collect() })
    }

    /// The problems, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rest.is_empty() {
            return write!(formatter, "The configuration has a problem: {}.", self.first);
        }
        write!(formatter, "The configuration has {} problems:", self.rest.len() + 1)?;
        for (index, problem) in self.iter().enumerate() {
            write!(formatter, " ({}) {problem}.", index + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Stands for a value that is missing or wrong. Its problem is noted already: only
/// [`Answers`](crate::Answers) makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub(crate) Problem);
