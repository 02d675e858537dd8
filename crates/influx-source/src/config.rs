//! What a customer can set, parsed once at the border.

mod column_types;
mod fields;
mod options;

use std::fmt;
use std::num::IntErrorKind;
use std::time::Duration;

use influx_flight::{Endpoint, Scheme, Target};
use sync_config::{Answers, Config, Field, Invalid, Removed, value};
use sync_engine::{Measurements, OnResync, PrimaryKey, RetryPolicy, Settings, TimeFormat};

pub use fields::FIELDS;
use options::Chosen;

/// A configuration that has been checked as far as it can be without asking InfluxDB.
///
/// Read it with [`sync_config::parse`]; its fields are listed in [`FIELDS`].
pub struct InfluxConfig {
    pub(crate) target: Target,
    pub(crate) settings: Settings,
}

impl fmt::Debug for InfluxConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InfluxConfig").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The longest time that writes may take until they are read.
const LONGEST_SETTLE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long writes may take until they are read.
fn settle(text: &str) -> Result<Duration, String> {
    match value::duration(text) {
        Ok(settle) if settle <= LONGEST_SETTLE => Ok(settle),
        _ => Err("but must be a duration from `0s` to `1d`, such as `10s` or `1m`".to_owned()),
    }
}

/// The most days that are counted: a remembered count takes a place in the state.
const MOST_AUDIT_DAYS: u64 = 366;

/// A number of days. More than are counted is no mistake, however many they are.
fn days(text: &str) -> Result<u64, String> {
    text.parse::<u64>().or_else(|error| match error.kind() {
        IntErrorKind::PosOverflow => Ok(u64::MAX),
        _ => Err(format!("but must be a whole number from 0 to {MOST_AUDIT_DAYS}")),
    })
}

/// One name, several separated by commas, or `*`.
fn measurements(text: &str) -> Result<Measurements, String> {
    let names = value::list(text)?;
    match names.as_slice() {
        [all] if all == "*" => Ok(Measurements::All),
        names if names.iter().any(|name| name == "*") => {
            Err("but `*` stands for all measurements; give it alone".to_owned())
        }
        _ => Ok(Measurements::Listed(names)),
    }
}

impl Config for InfluxConfig {
    const FIELDS: &'static [&'static Field] = FIELDS;

    const REMOVED: &'static [Removed] = fields::REMOVED;

    fn read(answers: &mut Answers<'_>) -> Result<Self, Invalid> {
        let token = answers.required(&fields::TOKEN, value::secret);
        let hostname = answers.required(&fields::HOSTNAME, value::text);
        let database = answers.required(&fields::DATABASE, value::text);
        let measurements = answers.required(&fields::MEASUREMENT, measurements);
        // Accepted because people who come from the Python example have it; no query of InfluxDB 3
        // knows it.
        let org = answers.optional(&fields::ORG, value::text);
        let destination = answers.optional(&fields::TABLE_NAME, value::text);
        let start = answers.optional(&fields::START_TIME, value::instant);
        let lookback = answers.required(&fields::LOOKBACK, value::duration);
        let settle = answers.required(&fields::SETTLE, settle);
        let audit_days = answers.required(&fields::AUDIT_DAYS, days);
        if audit_days.as_ref().is_ok_and(|days| *days > MOST_AUDIT_DAYS) {
            let most = format!("is more than {MOST_AUDIT_DAYS} days, and is taken as that many");
            answers.warning(&fields::AUDIT_DAYS, most);
        }
        let on_resync = answers.required(&fields::ON_RESYNC, value::choice::<Chosen<OnResync>>);
        let primary_key =
            answers.required(&fields::PRIMARY_KEY, value::choice::<Chosen<PrimaryKey>>);
        let time_format =
            answers.required(&fields::TIME_FORMAT, value::choice::<Chosen<TimeFormat>>);
        let column_types = answers.optional(&fields::COLUMN_TYPES, column_types::parse);
        let ca_certificate = answers.optional(&fields::CA_CERTIFICATE, certificates);
        let allow_plaintext = answers.required(&fields::ALLOW_PLAINTEXT, value::boolean);
        let parallel = answers.required(&fields::PARALLEL_QUERIES, value::integer(1..=32));
        let window_rows =
            answers.required(&fields::WINDOW_ROWS, value::integer(1_000..=100_000_000));

        let endpoint = hostname.and_then(|hostname| endpoint(answers, &hostname));
        let mut endpoint_problem = Ok(());
        if let (Ok(endpoint), Ok(false)) = (&endpoint, &allow_plaintext)
            && endpoint.scheme() == Scheme::Http
            && !endpoint.is_loopback()
        {
            endpoint_problem = Err(answers.problem(
                &fields::HOSTNAME,
                "would carry the token unencrypted to another machine; use https, or switch \
                 `allow_plaintext` on",
            ));
        }
        let mut destination_problem = Ok(());
        if let (Ok(Some(_)), Ok(measurements)) = (&destination, &measurements)
            && !matches!(measurements, Measurements::Listed(names) if names.len() == 1)
        {
            destination_problem = Err(answers.problem(
                &fields::TABLE_NAME,
                "renames a single table, and `measurement` asks for several; leave it empty, or \
                 name one measurement",
            ));
        }
        endpoint_problem.and(destination_problem).and(org)?;
        let database = database?;
        let mut target =
            Target::new(endpoint?, &database).with_token(token?).allow_plaintext(allow_plaintext?);
        if let Some(pem) = ca_certificate? {
            target = target.with_ca_certificates(&pem).map_err(|error| {
                answers.problem(&fields::CA_CERTIFICATE, format!("is refused: {error}"))
            })?;
        }
        let settings = Settings {
            database,
            measurements: measurements?,
            destination: destination?,
            start: start?,
            // A lookback beyond 292 years is all of time.
            lookback: i64::try_from(lookback?.as_nanos()).unwrap_or(i64::MAX),
            settle: i64::try_from(settle?.as_nanos()).unwrap_or(i64::MAX),
            audit_days: i64::try_from(audit_days?.min(MOST_AUDIT_DAYS)).unwrap_or(i64::MAX),
            on_resync: on_resync?.0,
            primary_key: primary_key?.0,
            time_format: time_format?.0,
            column_types: column_types?.unwrap_or_default(),
            parallel_queries: usize::try_from(parallel?).unwrap_or(1),
            window_rows: window_rows?,
            retry: RetryPolicy::default(),
        };
        Ok(Self { target, settings })
    }
}

fn endpoint(answers: &mut Answers<'_>, hostname: &str) -> Result<Endpoint, Invalid> {
    // The error quotes the text itself, because it knows to leave out a password.
    hostname
        .parse()
        .map_err(|error| answers.problem(&fields::HOSTNAME, format!("is refused: {error}")))
}

/// Certificates in PEM, out of an uploaded file, or as they are, where a form has no uploads. They
/// are tried on a target of no meaning, so that all problems come in one answer.
fn certificates(text: &str) -> Result<Vec<u8>, String> {
    // Base64 has no dashes.
    let pem = match text.starts_with("-----BEGIN") {
        true => pem_lines(text).into_bytes(),
        false => value::file(text)?,
    };
    let anywhere: Endpoint = "localhost".parse().map_err(|error| format!("is refused: {error}"))?;
    match Target::new(anywhere, "").with_ca_certificates(&pem) {
        Ok(_) => Ok(pem),
        Err(error) => Err(format!("is refused: {error}")),
    }
}

/// PEM with its line breaks, for which a form may have put blanks.
fn pem_lines(text: &str) -> String {
    let parts = text.split("-----").enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            1 => format!("-----{part}-----\n"),
            _ => part.split_whitespace().map(|line| format!("{line}\n")).collect(),
        })
        .collect()
}
