//! Carries log lines to Python's own thread, which writes them with the SDK's `Logging`.
//!
//! A line may be made while Python runs nothing, or by a thread that Python does not know. So it
//! waits in a queue, which the sink, a tick and the end of a call empty.

use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// How many lines may wait. They are handed over at least twice a second while Python's thread is
/// ours.
const MOST_LINES: usize = 500;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    level: Level,
    pub(crate) text: String,
}

impl Line {
    pub(crate) fn warning(text: &str) -> Self {
        Self { level: Level::WARN, text: text.to_owned() }
    }

    /// The method of `Logging` that writes it.
    pub(crate) fn method(&self) -> &'static str {
        match self.level {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO | Level::DEBUG | Level::TRACE => "info",
        }
    }
}

/// Lines that wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Line>,
    left_out: usize,
}

impl Lines {
    /// Takes the lines of a call: those of this crate and of `crates`, whose names are spelled as
    /// in `use`, from INFO up. Lines of other crates could hold a token or the customer's data.
    pub(crate) fn subscriber(&self, crates: &[&str]) -> impl Subscriber + Send + Sync + 'static {
        let names = crates.iter().chain(&[env!("CARGO_CRATE_NAME")]);
        let ours = Targets::new().with_targets(names.map(|&name| (name, LevelFilter::INFO)));
        tracing_subscriber::registry().with(Queue(self.clone()).with_filter(ours))
    }

    /// Takes out all lines that wait, and one that counts those there was no room for.
    pub(crate) fn take(&self) -> Vec<Line> {
        let Waiting { lines, left_out } = std::mem::take(&mut *self.waiting());
        let more = (left_out > 0)
            .then(|| Line::warning(&format!("{left_out} log lines were left out: too many")));
        lines.into_iter().chain(more).collect()
    }

    fn push(&self, line: Line) {
        let mut waiting = self.waiting();
        if waiting.lines.len() == MOST_LINES {
            waiting.left_out += 1;
        } else {
            waiting.lines.push_back(line);
        }
    }

    /// The lines are valid even if a thread panicked while it held the lock.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts events into the queue.
struct Queue(Lines);

impl<S: Subscriber> Layer<S> for Queue {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.0.push(Line { level: *event.metadata().level(), text: text.line() });
    }
}

/// An event as text: its message, and its fields in parentheses.
#[derive(Debug, Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn line(self) -> String {
        let Self { message, fields } = self;
        if fields.is_empty() { message } else { format!("{message} ({fields})") }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a `String` cannot fail.
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            let comma = if self.fields.is_empty() { "" } else { ", " };
            let _ = write!(self.fields, "{comma}{}={value:?}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, MOST_LINES};

    fn logged(log: impl FnOnce()) -> Vec<(&'static str, String)> {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.subscriber(&["our_source"]), log);
        lines.take().into_iter().map(|line| (line.method(), line.text)).collect()
    }

    #[test]
    fn a_line_is_a_message_with_its_fields() {
        let lines = logged(|| {
            tracing::info!(rows = 3, table = "cpu", seconds = 0.5, "Done");
            tracing::warn!("Plain");
            tracing::error!("Bad");
        });
        let expect = [
            ("info", "Done (rows=3, table=cpu, seconds=0.5)"),
            ("warning", "Plain"),
            ("error", "Bad"),
        ];
        assert_eq!(lines, expect.map(|(method, text)| (method, text.to_owned())));
    }

    #[test]
    fn lines_of_other_crates_and_of_lower_levels_are_left_out() {
        let lines = logged(|| {
            tracing::debug!("fine");
            tracing::error!(target: "h2::client", "header with a token");
            tracing::info!(target: "our_source::sync", "ours");
        });
        assert_eq!(lines, [("info", "ours".to_owned())]);
    }

    #[test]
    fn of_too_many_lines_the_rest_is_counted() {
        let lines = logged(|| (0..MOST_LINES + 7).for_each(|n| tracing::info!("{n}")));
        assert_eq!(lines.len(), MOST_LINES + 1);
        let last = ("warning", "7 log lines were left out: too many".to_owned());
        assert_eq!(lines.last(), Some(&last));
    }
}
