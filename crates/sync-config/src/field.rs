//! The table of fields.

/// One setting that a customer can make.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key in the configuration.
    pub name: &'static str,
    /// The title above the field, in plain words.
    pub label: &'static str,
    /// What it does and what it accepts, in a sentence or two.
    pub description: &'static str,
    /// Whether it must be set.
    pub requirement: Requirement,
    /// What the customer sees.
    pub kind: Kind,
    /// What an empty field shows.
    pub placeholder: Option<&'static str>,
}

/// Whether a field must be set. An empty text counts as not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// It must be.
    Required,
    /// It need not be.
    Optional,
    /// It need not be. The default is this text.
    Default(&'static str),
}

/// A field that an earlier release had. A configuration that still has it gets a warning, and its
/// value is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its key in the configuration.
    pub name: &'static str,
    /// What replaces it, as a clause that follows its name and a colon.
    pub replacement: &'static str,
}

/// What a customer sees of a field, and how its value arrives.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A line of text that is masked and never shown again.
    Secret,
    /// A switch; arrives as `true` or `false`.
    Toggle,
    /// One of a list; arrives as [`Choice::value`]. Fill it with [`Kind::choice`].
    Choice(fn() -> Vec<Choice>),
    /// A file; arrives as base64.
    Upload {
        /// The file name extensions to offer, each with its dot.
        extensions: &'static [&'static str],
        /// The largest file, in bytes.
        max_bytes: u32,
    },
}

impl Kind {
    /// One of the options of `T`.
    #[must_use]
    pub const fn choice<T: Choose>() -> Self {
        Self::Choice(|| T::OPTIONS.iter().map(|(_, choice)| *choice).collect())
    }
}

/// One option of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is stored.
    pub value: &'static str,
    /// What is shown.
    pub label: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// A type whose values a customer picks from a list.
pub trait Choose: Copy + 'static {
    /// Every value, with the option that means it, in the order of the list.
    const OPTIONS: &'static [(Self, Choice)];
}
