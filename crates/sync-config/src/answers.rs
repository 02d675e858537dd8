//! Parses what the customer typed into a typed configuration.

use std::collections::BTreeMap;

use crate::cut::{self, quoted};
use crate::field::{Field, Kind, Removed, Requirement};
use crate::problem::{Invalid, Problem, Problems};

/// A configuration that can be read from a customer's answers.
pub trait Config: Sized {
    /// The fields, in the order in which a customer fills them in.
    const FIELDS: &'static [&'static Field];

    /// The fields that earlier releases had.
    const REMOVED: &'static [Removed] = &[];

    /// Reads the answers. Look at every field before the first `?`, so that all problems are noted.
    ///
    /// # Errors
    ///
    /// A value is missing or wrong. The problem is noted in `answers`.
    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid>;
}

/// A configuration without problems.
#[derive(Debug)]
pub struct Parsed<C> {
    /// The typed configuration.
    pub config: C,
    /// What the customer should know, although it is no problem; each a sentence.
    pub warnings: Vec<String>,
}

/// Parses what a customer typed, by field name.
///
/// # Errors
///
/// All that is wrong with it.
pub fn parse<C: Config>(typed: &BTreeMap<String, String>) -> Result<Parsed<C>, Problems> {
    let mut answers = Answers { typed, problems: Vec::new(), warnings: Vec::new() };
    let config = C::read(&mut answers);
    let order = |problem: &Problem| C::FIELDS.iter().position(|field| field.name == problem.field);
    answers.problems.sort_by_key(order);
    match (config, Problems::of(answers.problems)) {
        (Ok(config), None) => {
            let mut warnings = answers.warnings;
            warnings.extend(removed_keys(C::REMOVED, typed));
            warnings.extend(unknown_keys(C::FIELDS, C::REMOVED, typed));
            Ok(Parsed { config, warnings })
        }
        (_, Some(problems)) => Err(problems),
        // An `Invalid` without a problem in `answers` was made by other answers. Report its
        // problem.
        (Err(Invalid(problem)), None) => Err(problem.into()),
    }
}

/// What the customer typed, and the problems and warnings noted so far.
#[derive(Debug)]
pub struct Answers<'a> {
    typed: &'a BTreeMap<String, String>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Answers<'_> {
    /// The value of a field that is required or has a default.
    ///
    /// `parse` returns a value, or a clause that follows the quoted value in the error text and
    /// says what it should be.
    ///
    /// # Errors
    ///
    /// The field is not set, or `parse` returned an error.
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
    /// `parse` returned an error.
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

    /// Notes a problem of several fields together, such as two that contradict each other.
    ///
    /// `text` is a clause that follows the field's name. It is cut if it is very long.
    pub fn problem(&mut self, field: &'static Field, text: impl Into<String>) -> Invalid {
        let problem = Problem { field: field.name, text: cut::problem(text.into()) };
        self.problems.push(problem.clone());
        Invalid(problem)
    }

    /// Notes what the customer should know of a field, although its value can be used.
    ///
    /// `text` is a clause that follows the field's name.
    pub fn warning(&mut self, field: &'static Field, text: impl Into<String>) {
        self.warnings.push(format!("`{}` {}.", field.name, cut::problem(text.into())));
    }
}

/// How many unknown keys are named. Of more, only the number is reported.
const NAMED_KEYS: usize = 10;
/// The longest key, in bytes, that is compared with fields: comparing takes time in proportion to
/// the product of both lengths.
const MISTYPED_BYTES: usize = 64;

/// A sentence for each field that was removed and is set all the same.
fn removed_keys(
    removed: &'static [Removed],
    typed: &BTreeMap<String, String>,
) -> impl Iterator<Item = String> {
    let left = removed.iter().filter(|field| typed.contains_key(field.name));
    left.map(|Removed { name, replacement }| {
        format!("The configuration key {} was removed and is ignored: {replacement}.", quoted(name))
    })
}

/// A sentence for each of the first keys that no field has or had, and one that counts the rest.
fn unknown_keys(
    fields: &[&Field],
    removed: &[Removed],
    typed: &BTreeMap<String, String>,
) -> Vec<String> {
    let is_known = |key: &str| {
        fields.iter().any(|field| field.name == key) || removed.iter().any(|it| it.name == key)
    };
    let mut unknown = typed.keys().filter(|key| !is_known(key));
    let named = unknown.by_ref().take(NAMED_KEYS);
    let mut sentences: Vec<_> = named.map(|key| unknown_key(fields, key)).collect();
    let more = unknown.count();
    if more > 0 {
        sentences.push(format!("Further configuration keys that are unknown and ignored: {more}."));
    }
    sentences
}

fn unknown_key(fields: &[&Field], key: &str) -> String {
    let shown = quoted(key);
    match mistyped(fields, key) {
        Some(name) => {
            format!("The configuration key {shown} is unknown and ignored; did you mean `{name}`?")
        }
        None => format!("The configuration key {shown} is unknown and ignored."),
    }
}

/// The field that was probably meant.
fn mistyped(fields: &[&Field], key: &str) -> Option<&'static str> {
    if key.len() > MISTYPED_BYTES {
        return None;
    }
    let distance = |field: &&Field| (strsim::damerau_levenshtein(key, field.name), field.name);
    let (distance, name) = fields.iter().map(distance).min()?;
    // If more than a third of the letters differ, another word was meant.
    (distance * 3 <= name.len()).then_some(name)
}
