//! Log lines as Fivetran reads them.
//!
//! One JSON object a line on standard output: `level`, one of `INFO`, `WARNING` and `SEVERE`; `message`; `message-origin`, always
//! `sdk_connector` (<https://github.com/fivetran/fivetran_partner_sdk>, development guide). The fields of an event, and whose sync this
//! is, stand in `context`.

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

/// The environment that Fivetran gives, and what its variables are called in a line's context.
const ENVIRONMENT: [(&str, &str); 2] =
    [("FIVETRAN_ACCOUNT_NAME", "account"), ("FIVETRAN_GROUP_NAME", "group")];

/// Writes the log lines of this process to standard output.
///
/// Only the crates named in `speakers` (as in `use`, with underscores) are heard, besides this one: a line of anyone else's could hold a
/// token or a customer's data.
///
/// # Errors
///
/// Somebody else writes the log lines already.
pub fn log_to_stdout(speakers: &[&str]) -> Result<(), SetGlobalDefaultError> {
    let variable = |(variable, name)| Some((name, std::env::var(variable).ok()?));
    let context = ENVIRONMENT.into_iter().filter_map(variable);
    let layer = LogLayer::new(std::io::stdout, context).with_filter(heard(speakers));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
}

/// Lets lines from INFO up through, of this crate and of `speakers`.
fn heard(speakers: &[&str]) -> Targets {
    let names = speakers.iter().chain(&[env!("CARGO_CRATE_NAME")]);
    Targets::new().with_targets(names.map(|&name| (name, LevelFilter::INFO)))
}

/// Turns events into Fivetran's log lines; those below INFO, for which there is no level, are left out.
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
        // A line that cannot be written has nowhere else to go: the sync matters more.
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            // In one piece, so that lines of several threads do not mix.
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

    use super::heard;

    #[test]
    fn nobody_else_is_heard() {
        let targets = heard(&["our_source"]);
        for ours in ["our_source::sync", "fivetran_adapter::update"] {
            assert!(targets.would_enable(ours, &Level::INFO), "{ours}");
            assert!(!targets.would_enable(ours, &Level::DEBUG), "{ours}");
        }
        for theirs in ["h2::client", "hyper", "tonic::transport", "rustls", "tower"] {
            assert!(!targets.would_enable(theirs, &Level::ERROR), "{theirs}");
        }
    }
}
