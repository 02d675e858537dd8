//! Parses what a customer may type.

use std::collections::BTreeMap;

use influx_source::InfluxConfig;

fn check(typed: &[(&str, &str)], expected: &str) {
    let mut all = BTreeMap::from([
        ("hostname", "localhost:8181"),
        ("token", "t0ken"),
        ("database", "db"),
        ("measurement", "*"),
    ]);
    all.extend(typed.iter().copied());
    let all = all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let said = match sync_config::parse::<InfluxConfig>(&all) {
        Ok(parsed) => parsed.warnings.join("\n"),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(said, expected, "{typed:?}");
}

fn problem(text: &str) -> String {
    format!("The configuration has a problem: {text}.")
}

#[test]
fn the_examples_five_fields_are_enough() {
    check(&[], "");
    check(&[("org", "my-org"), ("measurement", "census")], "");
}

#[test]
fn every_required_field_that_is_missing_is_named_in_one_answer() {
    check(
        &[("hostname", ""), ("token", " "), ("database", ""), ("measurement", "")],
        "The configuration has 4 problems: (1) `hostname` is required and was left empty; fill it \
         in. (2) `token` is required and was left empty; fill it in. (3) `database` is required \
         and was left empty; fill it in. (4) `measurement` is required and was left empty; fill it \
         in.",
    );
}

#[test]
fn a_token_does_not_travel_unencrypted() {
    let refused = problem(
        "`hostname` would carry the token unencrypted to another machine; use https, or switch \
         `allow_plaintext` on",
    );
    check(&[("hostname", "http://influx.example.com:8181")], &refused);
    check(&[("hostname", "http://influx.example.com:8181"), ("allow_plaintext", "true")], "");
    check(&[("hostname", "http://127.0.0.1:8181")], "");
    check(&[("hostname", "influx.example.com")], "");
}

#[test]
fn a_table_name_is_for_one_measurement() {
    let refused = problem(
        "`table_name` renames a single table, and `measurement` asks for several; leave it empty, \
         or name one measurement",
    );
    check(&[("table_name", "x")], &refused);
    check(&[("table_name", "x"), ("measurement", "a,b")], &refused);
    check(&[("table_name", "x"), ("measurement", "a")], "");
}

#[test]
fn a_password_in_the_host_is_not_repeated() {
    let all = [
        ("hostname", "https://me:pa55word@host"),
        ("token", "t"),
        ("database", "d"),
        ("measurement", "m"),
    ];
    let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let problems = sync_config::parse::<InfluxConfig>(&all).unwrap_err().to_string();
    assert!(
        problems.contains("`hostname` is refused") && !problems.contains("pa55word"),
        "{problems}"
    );
}

#[test]
fn malformed_values_say_what_is_accepted() {
    let json = "but must be a JSON object from column to type, such as {\"ants\": \"INT\"}";
    check(
        &[("column_types", "ants=INT")],
        &problem(&format!(
            "`column_types` is \"ants=INT\", {json} (expected value at line 1 column 1)"
        )),
    );
    check(
        &[("column_types", r#"{"ants":"NUMBER"}"#)],
        &problem(
            "`column_types` is \"{\\\"ants\\\":\\\"NUMBER\\\"}\", but \"NUMBER\" (of \"ants\") is \
             no type; the types are BOOLEAN, SHORT, INT, LONG, DECIMAL(precision,scale), FLOAT, \
             DOUBLE, NAIVE_DATE, NAIVE_DATETIME, UTC_DATETIME, BINARY, STRING and JSON",
        ),
    );
    check(
        &[("measurement", "a,*")],
        &problem("`measurement` is \"a,*\", but `*` stands for all measurements; give it alone"),
    );
    check(
        &[("parallel_queries", "0")],
        &problem("`parallel_queries` is \"0\", but must be a whole number from 1 to 32"),
    );
    check(
        &[("on_resync", "drop")],
        &problem("`on_resync` is \"drop\", but must be one of `truncate`, `keep`"),
    );
    check(
        &[("ca_certificate", "aGVsbG8=")],
        &problem(
            "`ca_certificate` is refused: the CA certificate holds no certificate: give the file \
             that starts with -----BEGIN CERTIFICATE-----",
        ),
    );
    // As it is, also where a form has made one line of it: it is read as far as its certificate.
    for text in [
        "-----BEGIN CERTIFICATE-----\naGVs\nbG8=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE----- aGVs bG8= -----END CERTIFICATE-----",
    ] {
        let refused = "`ca_certificate` is refused: certificate 1 of the CA certificate cannot be \
             used (invalid peer certificate: BadEncoding): give the certificate of the authority \
             that signed the server's";
        check(&[("ca_certificate", text)], &problem(refused));
    }
}

#[test]
fn a_field_that_was_removed_is_a_warning() {
    let removed = "The configuration key \"late_data\" was removed and is ignored: late points are \
         always looked for, by the lookback, by files where they are shown, and by counts; \
         `audit_days=0` turns the counts off.";
    for value in ["automatic", "lookback", "never", ""] {
        check(&[("late_data", value)], removed);
    }
}

#[test]
fn the_time_to_settle_has_bounds() {
    for fits in ["0s", "10s", "1m 30s", "24h", "1d"] {
        check(&[("settle", fits)], "");
    }
    for wrong in ["10", "-1s", "soon", "25h", "1d 1ns", "99999999999y"] {
        let refused = format!(
            "`settle` is \"{wrong}\", but must be a duration from `0s` to `1d`, such as `10s` or \
             `1m`"
        );
        check(&[("settle", wrong)], &problem(&refused));
    }
}

#[test]
fn more_days_than_are_counted_are_taken_as_the_most() {
    check(&[("audit_days", "0")], "");
    check(&[("audit_days", "366")], "");
    for more in ["367", "3650", "99999999999999999999999"] {
        check(
            &[("audit_days", more)],
            "`audit_days` is more than 366 days, and is taken as that many.",
        );
    }
    for wrong in ["-1", "7d", "1.5"] {
        let refused =
            format!("`audit_days` is \"{wrong}\", but must be a whole number from 0 to 366");
        check(&[("audit_days", wrong)], &problem(&refused));
    }
}

#[test]
fn a_misspelt_field_is_a_warning() {
    check(
        &[("lockback", "2h")],
        "The configuration key \"lockback\" is unknown and ignored; did you mean `lookback`?",
    );
}
