//! From what the customer typed to a typed configuration.

use std::collections::BTreeMap;

use crate::field::{Field, Kind, Requirement};
use crate::problem::{Invalid, Problem, Problems};

/// A configuration that can be read from a customer's answers.
pub trait Config: Sized {
    /// The fields, in the order in which a customer fills them in.
    const FIELDS: &'static [&'static Field];

    /// Reads the answers. Look at every field before the first `?`, so that all problems are noted.
    ///
    /// # Errors
    ///
    /// A value could not be had; what is wrong is noted in `answers`.
    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid>;
}

/// A configuration without problems.
#[derive(Debug)]
pub struct Parsed<C> {
    /// The typed configuration.
    pub config: C,
    /// What the customer should know all the same, each a sentence.
    pub warnings: Vec<String>,
}

/// Parses what a customer typed, by field name.
///
/// # Errors
///
/// All that is wrong with it.
pub fn parse<C: Config>(typed: &BTreeMap<String, String>) -> Result<Parsed<C>, Problems> {
    let mut answers = Answers { typed, problems: Vec::new() };
    let config = C::read(&mut answers);
    let order = |problem: &Problem| C::FIELDS.iter().position(|field| field.name == problem.field);
    answers.problems.sort_by_key(order);
    match (config, Problems::of(answers.problems)) {
        (Ok(config), None) => Ok(Parsed { config, warnings: unknown_keys(C::FIELDS, typed) }),
        (_, Some(problems)) => Err(problems),
        // Only an `Invalid` kept from other answers can come without a problem noted here; it brings its own.
        (Err(Invalid(problem)), None) => Err(problem.into()),
    }
}

/// What the customer typed, and the problems found so far.
#[derive(Debug)]
pub struct Answers<'a> {
    typed: &'a BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Answers<'_> {
    /// The value of a field that is required or has a default.
    ///
    /// `parse` answers with a value, or with a clause that follows the quoted value: what it should be instead.
    ///
    /// # Errors
    ///
    /// The field is not set, or `parse` refused it.
    pub fn required<T>(
        &mut self,
        field: &'static Field,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Invalid> {
        match self.optional(field, parse)? {
            Some(value) => Ok(value),
            None => Err(self.problem(field, "is required and was left empty; fill it in")),
        }
    }

    /// The value of a field, or `None` if it is neither set nor has a default.
    ///
    /// # Errors
    ///
    /// `parse` refused it.
    pub fn optional<T>(
        &mut self,
        field: &'static Field,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Invalid> {
        let typed =
            self.typed.get(field.name).map(|typed| typed.trim()).filter(|typed| !typed.is_empty());
        let text = match (typed, field.requirement) {
            (Some(typed), _) => typed,
            (None, Requirement::Default(text)) => text,
            (None, Requirement::Required | Requirement::Optional) => return Ok(None),
        };
        parse(text).map(Some).map_err(|clause| {
            let shown = match field.kind {
                Kind::Secret | Kind::Upload { .. } => String::new(),
                Kind::Text | Kind::Toggle | Kind::Choice(_) => format!("is {}, ", quoted(text)),
            };
            self.problem(field, format!("{shown}{clause}"))
        })
    }

    /// Notes a problem that shows only when fields are looked at together.
    ///
    /// `text` is a clause that follows the field's name.
    pub fn problem(&mut self, field: &'static Field, text: impl Into<String>) -> Invalid {
        let problem = Problem { field: field.name, text: text.into() };
        self.problems.push(problem.clone());
        Invalid(problem)
    }
}

/// The value as it was typed, cut to what an error text can carry.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?} (cut)", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A sentence for each key that no field has, with the field that was probably meant.
fn unknown_keys(fields: &[&Field], typed: &BTreeMap<String, String>) -> Vec<String> {
    let known = |key: &str| fields.iter().any(|field| field.name == key);
    let nearest = |key: &str| {
        fields
            .iter()
            .map(|field| (strsim::damerau_levenshtein(key, field.name), field.name))
            .min()
            // More than a third of the letters wrong is another word.
            .filter(|(distance, name)| distance * 3 <= name.len())
    };
    let sentence = |key: &String| match nearest(key) {
        Some((_, name)) => {
            format!(
                "The configuration key {} is unknown and ignored; did you mean `{name}`?",
                quoted(key)
            )
        }
        None => format!("The configuration key {} is unknown and ignored.", quoted(key)),
    };
    typed.keys().filter(|key| !known(key)).map(sentence).collect()
}
