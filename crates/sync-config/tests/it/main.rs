//! Tests the public interface with a small configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sync_config::{
    Answers, Choice, Choose, Config, Field, Invalid, Kind, Problems, Removed, Requirement,
    markdown, parse, value,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Fast,
    Safe,
}

impl Choose for Mode {
    const OPTIONS: &'static [(Self, Choice)] = &[
        (Mode::Fast, Choice { value: "fast", label: "Fast", description: "no checks." }),
        (Mode::Safe, Choice { value: "safe", label: "Safe", description: "all checks." }),
    ];
}

const fn field(name: &'static str, requirement: Requirement, kind: Kind) -> Field {
    Field { name, label: "Label", description: "What it is.", requirement, kind, placeholder: None }
}

static TOKEN: Field = field("token", Requirement::Required, Kind::Secret);
static HOSTNAME: Field = field("hostname", Requirement::Required, Kind::Text);
static TABLES: Field = field("tables", Requirement::Default("a, b"), Kind::Text);
static LOOKBACK: Field = field("lookback", Requirement::Default("1h"), Kind::Text);
static START: Field = field("start_time", Requirement::Optional, Kind::Text);
static PARALLEL: Field = field("parallel", Requirement::Default("4"), Kind::Text);
static VERBOSE: Field = field("verbose", Requirement::Default("false"), Kind::Toggle);
static MODE: Field = field("mode", Requirement::Default("safe"), Kind::choice::<Mode>());
static TYPES: Field = field("types", Requirement::Optional, Kind::Text);
static SIZE: Field = field("size", Requirement::Optional, Kind::Text);
static FILE: Field =
    field("file", Requirement::Optional, Kind::Upload { extensions: &[".pem"], max_bytes: 100 });

/// A value that a library parses, with error texts of its own.
#[derive(Debug, PartialEq, serde::Deserialize)]
enum Size {
    Small,
}

#[derive(Debug)]
struct Settings {
    token: SecretString,
    hostname: String,
    tables: Vec<String>,
    lookback: Duration,
    start: Option<i64>,
    parallel: u64,
    verbose: bool,
    mode: Mode,
    types: Option<BTreeMap<String, String>>,
    size: Option<Size>,
    file: Option<Vec<u8>>,
}

impl Config for Settings {
    const FIELDS: &'static [&'static Field] = &[
        &TOKEN, &HOSTNAME, &TABLES, &LOOKBACK, &START, &PARALLEL, &VERBOSE, &MODE, &TYPES, &SIZE,
        &FILE,
    ];

    const REMOVED: &'static [Removed] = &[Removed {
        name: "lookahead",
        replacement: "nothing is read before its time; `lookback` reads again",
    }];

    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid> {
        let token = answers.required(&TOKEN, value::secret);
        let hostname = answers.required(&HOSTNAME, value::text);
        let tables = answers.required(&TABLES, value::list);
        let lookback = answers.required(&LOOKBACK, value::duration);
        let start = answers.optional(&START, value::instant);
        let parallel = answers.required(&PARALLEL, value::integer(1..=16));
        let verbose = answers.required(&VERBOSE, value::boolean);
        let mode = answers.required(&MODE, value::choice::<Mode>);
        let types = answers.optional(&TYPES, value::json);
        let size = answers.optional(&SIZE, value::json);
        let file = answers.optional(&FILE, value::file);
        if parallel.as_ref().is_ok_and(|parallel| *parallel == 16) {
            answers.warning(&PARALLEL, "is 16, which many servers refuse");
        }
        if matches!((&verbose, &mode), (Ok(true), Ok(Mode::Fast))) {
            return Err(answers.problem(&VERBOSE, "cannot be set in fast mode; choose one"));
        }
        Ok(Self {
            token: token?,
            hostname: hostname?,
            tables: tables?,
            lookback: lookback?,
            start: start?,
            parallel: parallel?,
            verbose: verbose?,
            mode: mode?,
            types: types?,
            size: size?,
            file: file?,
        })
    }
}

fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Checks the problem of one field, when the others are valid.
fn check(field: &str, text: &str, expect: &str) {
    let mut all = typed(&[("token", "t"), ("hostname", "h")]);
    all.insert(field.to_owned(), text.to_owned());
    let said = match parse::<Settings>(&all) {
        Ok(parsed) => parsed.warnings.join("\n"),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(said, expect, "{field} = {text:?}");
}

#[test]
fn defaults_stand_in_for_what_is_not_set() -> Result<(), Problems> {
    let parsed =
        parse::<Settings>(&typed(&[("token", " t "), ("hostname", "h"), ("lookback", "")]))?;
    let Settings {
        token,
        hostname,
        tables,
        lookback,
        start,
        parallel,
        verbose,
        mode,
        types,
        size,
        file,
    } = parsed.config;
    assert_eq!((token.expose_secret(), hostname.as_str()), ("t", "h"));
    assert_eq!(tables, ["a", "b"]);
    assert_eq!((lookback, start), (Duration::from_secs(3600), None));
    assert_eq!((parallel, verbose, mode), (4, false, Mode::Safe));
    assert_eq!((types, size, file), (None, None, None));
    assert!(parsed.warnings.is_empty());
    Ok(())
}

#[test]
fn good_values_are_parsed() -> Result<(), Problems> {
    let parsed = parse::<Settings>(&typed(&[
        ("token", "t"),
        ("hostname", "h"),
        ("tables", "cpu load,*"),
        ("lookback", "1h 30m"),
        ("start_time", "1970-01-02"),
        ("verbose", "True"),
        ("types", r#"{"a":"INT"}"#),
        ("file", "aGVs\nbG8="),
    ]))?;
    let config = parsed.config;
    assert_eq!(config.tables, ["cpu load", "*"]);
    assert_eq!(config.lookback, Duration::from_secs(5400));
    assert_eq!(config.start, Some(86_400_000_000_000));
    assert!(config.verbose);
    assert_eq!(config.types, Some(typed(&[("a", "INT")])));
    assert_eq!(config.file.as_deref(), Some("hello".as_bytes()));
    Ok(())
}

#[test]
fn all_problems_come_in_one_answer_in_the_order_of_the_fields() {
    let problems =
        parse::<Settings>(&typed(&[("mode", "x"), ("token", "a b"), ("parallel", "99")]))
            .unwrap_err();
    insta::assert_snapshot!(problems, @r#"The configuration has 4 problems: (1) `token` holds white space or a character outside of ASCII; paste it again, alone. (2) `hostname` is required and was left empty; fill it in. (3) `parallel` is "99", but must be a whole number from 1 to 16. (4) `mode` is "x", but must be one of `fast`, `safe`."#);
}

#[test]
fn each_problem_names_the_field_the_value_and_what_to_do() {
    let one = |text: &str| format!("The configuration has a problem: {text}.");
    check(
        "tables",
        "a,,b",
        &one(r#"`tables` is "a,,b", but has an empty name between its commas; remove one"#),
    );
    check("tables", "a,b, a", &one(r#"`tables` is "a,b, a", but names "a" twice; name it once"#));
    let duration = "but must be a duration with a unit, such as `90s`, `1h` or `7d`";
    check("lookback", "90", &one(&format!(r#"`lookback` is "90", {duration}"#)));
    check("lookback", "-1h", &one(&format!(r#"`lookback` is "-1h", {duration}"#)));
    let instant =
        "but must be a date such as `2024-01-31` or a time such as `2024-01-31T08:00:00Z`";
    check("start_time", "yesterday", &one(&format!(r#"`start_time` is "yesterday", {instant}"#)));
    check("start_time", "2024-02-30", &one(&format!(r#"`start_time` is "2024-02-30", {instant}"#)));
    check(
        "start_time",
        "1600-01-01",
        &one(r#"`start_time` is "1600-01-01", but must lie between 1677-09-22 and 2262-04-11"#),
    );
    check(
        "parallel",
        "1e3",
        &one(r#"`parallel` is "1e3", but must be a whole number from 1 to 16"#),
    );
    check("verbose", "yes", &one(r#"`verbose` is "yes", but must be `true` or `false`"#));
    check(
        "file",
        "%%",
        &one("`file` is not base64 (Invalid symbol 37, offset 0.); upload the file again"),
    );
    check(
        "types",
        "{",
        &one("`types` is \"{\", which is not the JSON that is expected here: \
             EOF while parsing an object at line 1 column 1"),
    );
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let problems = parse::<Settings>(&typed(&[("token", "s3cret with blank")])).unwrap_err();
    assert!(!format!("{problems} {problems:?}").contains("s3cret"));
}

#[test]
fn fields_can_be_checked_together() {
    let problems = parse::<Settings>(&typed(&[
        ("token", "t"),
        ("hostname", "h"),
        ("verbose", "true"),
        ("mode", "fast"),
    ]));
    insta::assert_snapshot!(problems.unwrap_err(), @"The configuration has a problem: `verbose` cannot be set in fast mode; choose one.");
}

#[test]
fn an_unknown_key_is_a_warning_with_the_nearest_known_one() {
    check(
        "lokback",
        "1h",
        "The configuration key \"lokback\" is unknown and ignored; did you mean `lookback`?",
    );
    check(
        "Hostname",
        "x",
        "The configuration key \"Hostname\" is unknown and ignored; did you mean `hostname`?",
    );
    check("organisation", "x", "The configuration key \"organisation\" is unknown and ignored.");
}

#[test]
fn a_removed_key_is_a_warning_that_says_what_replaces_it() {
    let removed = "The configuration key \"lookahead\" was removed and is ignored: \
         nothing is read before its time; `lookback` reads again.";
    for value in ["1h", "soon", ""] {
        check("lookahead", value, removed);
    }
    // Only that spelling was ever known.
    check("lookAhead", "1h", "The configuration key \"lookAhead\" is unknown and ignored.");
}

#[test]
fn a_value_that_can_be_used_may_be_warned_of() {
    check("parallel", "16", "`parallel` is 16, which many servers refuse.");
    check("parallel", "15", "");
}

/// Any client can send keys of any length and number.
#[test]
fn of_many_unknown_keys_the_first_are_named_and_the_rest_counted() -> Result<(), Problems> {
    let warnings = |unknown: usize| {
        let mut all = typed(&[("token", "t"), ("hostname", "h")]);
        all.extend((0..unknown).map(|number| (format!("k{number:06}"), String::new())));
        parse::<Settings>(&all).map(|parsed| parsed.warnings)
    };
    assert_eq!(warnings(10)?.len(), 10);
    let many = warnings(100_000)?;
    assert_eq!(many.len(), 11);
    assert_eq!(many[9], "The configuration key \"k000009\" is unknown and ignored.");
    assert_eq!(many[10], "Further configuration keys that are unknown and ignored: 99990.");
    Ok(())
}

#[test]
fn a_long_unknown_key_is_cut_and_compared_with_nothing() {
    // Comparing it would take minutes.
    let key = "hostname".repeat(1_000_000);
    let shown = "hostname".repeat(7) + "host";
    check(&key, "x", &format!("The configuration key \"{shown}\" (cut) is unknown and ignored."));
}

#[test]
fn a_long_list_is_read_at_once() -> Result<(), Problems> {
    // Comparing each name with each would take minutes.
    let names: Vec<_> = (0..300_000).map(|number| format!("t{number}")).collect();
    let text = names.join(",");
    let parsed = parse::<Settings>(&typed(&[("token", "t"), ("hostname", "h"), ("tables", &text)]));
    assert_eq!(parsed?.config.tables, names);
    Ok(())
}

#[test]
fn a_problem_repeats_little_of_what_was_typed() {
    let long = "x".repeat(1_000_000);
    let shown = "x".repeat(60);
    let twice = format!("{long},{long}");
    check(
        "tables",
        &twice,
        &format!(
            "The configuration has a problem: `tables` is \"{shown}\" (cut), \
             but names \"{shown}\" (cut) twice; name it once."
        ),
    );
    // The error text of a library may have all of a value.
    let mode = typed(&[("token", "t"), ("hostname", "h"), ("size", &format!("\"{long}\""))]);
    let problems = parse::<Settings>(&mode).unwrap_err().to_string();
    assert!(problems.contains("unknown variant `xxx"), "{problems}");
    assert!(problems.ends_with("xxx (cut)."), "{problems}");
    assert!(problems.len() < 1_100, "{}", problems.len());
}

#[test]
fn the_fields_document_themselves() {
    insta::assert_snapshot!(markdown(&[&TOKEN, &LOOKBACK, &START, &MODE]), @r"
    | field | needed | meaning |
    |---|---|---|
    | `token` | yes | What it is. |
    | `lookback` | no; `1h` | What it is. |
    | `start_time` | no | What it is. |
    | `mode` | no; `safe` | What it is. `fast`: no checks. `safe`: all checks. |
    ");
}

#[test]
fn any_text_is_answered_without_a_panic() {
    use proptest::prelude::*;
    proptest!(|(name in 0..Settings::FIELDS.len(), text in any::<String>())| {
        let field = Settings::FIELDS[name].name;
        let _ = parse::<Settings>(&typed(&[("token", "t"), ("hostname", "h"), (field, &text)]));
    });
}
