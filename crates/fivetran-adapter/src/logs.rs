//! Writes log lines in the form that Fivetran reads.
//!
//! Each line of standard output is a JSON object: `level` is `INFO`, `WARNING` or `SEVERE`,
//! `message` is the text, and `message-origin` is `sdk_connector`
//! (<https://github.com/fivetran/fivetran_partner_sdk>, development guide). We add `context`, with
//! the fields of the event and with the customer's account and group.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The environment variables that Fivetran sets, and their names in the context of a line.
const ENVIRONMENT: [(&str, &str); 2] =
    [("FIVETRAN_ACCOUNT_NAME", "account"), ("FIVETRAN_GROUP_NAME", "group")];

/// Writes the log lines of this process to standard output.
///
/// It writes lines of this crate and of `crates` only, whose names are spelled as in `use`, with
/// underscores. Lines of other crates could hold a token or the customer's data.
///
/// # Errors
///
/// The process has a global subscriber already.
pub fn log_to_stdout(crates: &[&str]) -> Result<(), SetGlobalDefaultError> {
    let variable = |(variable, name)| Some((name, std::env::var(variable).ok()?));
    let context = ENVIRONMENT.into_iter().filter_map(variable);
    let layer = LogLayer::new(std::io::stdout, context).with_filter(only_crates(crates));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
}

/// Passes lines of this crate and of `crates`, from INFO up.
fn only_crates(crates: &[&str]) -> Targets {
    let names = crates.iter().chain(&[env!("CARGO_CRATE_NAME")]);
    Targets::new().with_targets(names.map(|&name| (name, LevelFilter::INFO)))
}

/// Writes events as Fivetran's log lines. It leaves out events below INFO, for which Fivetran has
/// no level.
#[derive(Debug)]
pub struct LogLayer<W> {
    writer: W,
    context: BTreeMap<&'static str, Value>,
}

impl<W> LogLayer<W> {
    /// A layer that adds `context` to each line.
    pub fn new(writer: W, context: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let context = context.into_iter().map(|(name, value)| (name, Value::from(value)));
        Self { writer, context: context.collect() }
    }
}

#[derive(Serialize)]
struct Line {
    level: &'static str,
    message: String,
    #[serde(rename = "message-origin")]
    message_origin: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    context: BTreeMap<&'static str, Value>,
}

impl<S, W> Layer<S> for LogLayer<W>
where
    S: Subscriber,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => "SEVERE",
            Level::WARN => "WARNING",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => return,
        };
        let mut line = Line {
            level,
            message: String::new(),
            message_origin: "sdk_connector",
            context: self.context.clone(),
        };
        event.record(&mut line);
        // If a line cannot be written, go on: the sync matters more.
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            // Write it with one call, so that lines of several threads do not mix.
            let _ = self.writer.make_writer_for(event.metadata()).write_all(&text);
        }
    }
}

impl Line {
    fn set(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.context.insert(name, value);
            }
        }
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::only_crates;

    #[test]
    fn lines_of_other_crates_are_left_out() {
        let targets = only_crates(&["our_source"]);
        for ours in ["our_source::sync", "fivetran_adapter::update"] {
            assert!(targets.would_enable(ours, &Level::INFO), "{ours}");
            assert!(!targets.would_enable(ours, &Level::DEBUG), "{ours}");
        }
        for theirs in ["h2::client", "hyper", "tonic::transport", "rustls", "tower"] {
            assert!(!targets.would_enable(theirs, &Level::ERROR), "{theirs}");
        }
    }
}
