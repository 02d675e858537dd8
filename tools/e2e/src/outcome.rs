//! How scenarios went, and the table of it.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::compare::Comparison;
use crate::faults::DELAYED;
use crate::scenarios::Scenario;
use crate::world::Syncs;

pub(crate) enum Verdict {
    Compared(Comparison),
    Skipped(String),
    Failed(String),
}

/// One round of one scenario.
pub(crate) struct Outcome {
    scenario: &'static str,
    round: u32,
    pub(crate) verdict: Verdict,
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) syncs: Syncs,
    pub(crate) seconds: f64,
}

impl Outcome {
    pub(crate) fn new(scenario: &'static str, round: u32) -> Self {
        Self {
            scenario,
            round,
            verdict: Verdict::Failed("it was not played".to_owned()),
            faults: BTreeMap::new(),
            syncs: Syncs::default(),
            seconds: 0.0,
        }
    }

    pub(crate) fn failed(&self) -> bool {
        match &self.verdict {
            Verdict::Compared(comparison) => !comparison.holds(),
            Verdict::Skipped(_) => false,
            Verdict::Failed(_) => true,
        }
    }

    pub(crate) fn is_compared(&self) -> bool {
        matches!(self.verdict, Verdict::Compared(_))
    }

    /// Fails it after all, without a loss of what it had come to.
    pub(crate) fn fail(&mut self, reason: &str) {
        let before = match &self.verdict {
            Verdict::Compared(comparison) => words(comparison),
            Verdict::Skipped(reason) => format!("skipped: {reason}"),
            Verdict::Failed(reason) => reason.clone(),
        };
        self.verdict = Verdict::Failed(format!("{before}; {reason}"));
    }
}

/// A comparison in words, with examples of what is wrong.
pub(crate) fn words(comparison: &Comparison) -> String {
    let Comparison { rows, missing, extra, overwritten, other_value, examples } = comparison;
    let mut words = format!("{rows} rows, {missing} missing, {extra} extra");
    if *overwritten > 0 {
        words.push_str(&format!(
            ", {overwritten} overwritten in the buffer, {other_value} of them with another value \
             than the server answered at the end"
        ));
    }
    examples.iter().for_each(|example| words.push_str(&format!("\n    {example}")));
    words
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Compared(comparison) => {
                write!(f, "{:.1} s, {}", self.seconds, words(comparison))
            }
            Verdict::Skipped(reason) => write!(f, "skipped: {reason}"),
            Verdict::Failed(reason) => write!(f, "FAILED in round {}: {reason}", self.round),
        }
    }
}

/// All rounds of each scenario in one line.
pub(crate) fn table(scenarios: &[&Scenario], outcomes: &[Outcome]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([
        "scenario",
        "rounds",
        "faults injected",
        "syncs",
        "failed",
        "rows",
        "missing",
        "extra",
        "overwritten",
        "other value",
        "s",
    ]);
    let (mut total, mut all_faults, mut all_syncs) = (Comparison::default(), 0, Syncs::default());
    for scenario in scenarios {
        let of_it: Vec<_> =
            outcomes.iter().filter(|outcome| outcome.scenario == scenario.name).collect();
        let (mut comparison, mut faults, mut syncs) =
            (Comparison::default(), BTreeMap::<&str, u64>::new(), Syncs::default());
        let (mut seconds, mut words) = (0.0, Vec::new());
        for outcome in &of_it {
            seconds += outcome.seconds;
            syncs.all += outcome.syncs.all;
            syncs.failed += outcome.syncs.failed;
            for (kind, count) in &outcome.faults {
                *faults.entry(kind).or_default() += count;
            }
            match &outcome.verdict {
                Verdict::Compared(found) => comparison.add(found),
                Verdict::Skipped(reason) => words.push(format!("skipped: {reason}")),
                Verdict::Failed(_) => words.push("FAILED".to_owned()),
            }
        }
        words.dedup();
        let faulty = faults.iter().map(|(kind, count)| format!("{count} {kind}"));
        total.add(&comparison);
        all_faults +=
            faults.iter().filter(|(kind, _)| **kind != DELAYED).map(|(_, n)| n).sum::<u64>();
        all_syncs.all += syncs.all;
        all_syncs.failed += syncs.failed;
        table.add_row([
            scenario.name.to_owned(),
            of_it.len().to_string(),
            words.into_iter().chain(faulty).collect::<Vec<_>>().join(", "),
            syncs.all.to_string(),
            syncs.failed.to_string(),
            comparison.rows.to_string(),
            comparison.missing.to_string(),
            comparison.extra.to_string(),
            comparison.overwritten.to_string(),
            comparison.other_value.to_string(),
            format!("{seconds:.0}"),
        ]);
    }
    table.add_row([
        "all".to_owned(),
        outcomes.len().to_string(),
        all_faults.to_string(),
        all_syncs.all.to_string(),
        all_syncs.failed.to_string(),
        total.rows.to_string(),
        total.missing.to_string(),
        total.extra.to_string(),
        total.overwritten.to_string(),
        total.other_value.to_string(),
        String::new(),
    ]);
    for index in [1, 3, 4, 5, 6, 7, 8, 9, 10] {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_at_last_keeps_what_it_had_come_to() {
        let mut outcome = Outcome::new("clock", 0);
        outcome.verdict = Verdict::Compared(Comparison { rows: 7, ..Comparison::default() });
        assert!(!outcome.failed());
        outcome.fail("it cannot be removed");
        assert!(outcome.failed());
        let text = outcome.to_string();
        assert!(text.ends_with("7 rows, 0 missing, 0 extra; it cannot be removed"), "{text}");
    }

    #[test]
    fn points_that_were_overwritten_in_the_buffer_are_told() {
        let found = Comparison { rows: 7, overwritten: 3, other_value: 2, ..Comparison::default() };
        let expected = "7 rows, 0 missing, 0 extra, 3 overwritten in the buffer, 2 of them";
        assert!(words(&found).starts_with(expected), "{}", words(&found));
        let mut outcome = Outcome::new("late", 0);
        outcome.verdict = Verdict::Compared(found);
        let scenario = crate::scenarios::ALL.iter().find(|found| found.name == "late");
        let table = table(&[scenario.unwrap()], &[outcome]);
        let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last[5..], ["7", "0", "0", "3", "2"], "{table}");
    }

    #[test]
    fn pieces_that_had_to_wait_are_told_and_not_summed() {
        let scenario = crate::scenarios::ALL.iter().find(|found| found.name == "slow-network");
        let mut outcome = Outcome::new("slow-network", 0);
        outcome.faults = BTreeMap::from([(DELAYED.to_owned(), 900), ("throttled".to_owned(), 2)]);
        let table = table(&[scenario.unwrap()], &[outcome]);
        assert!(table.contains("900 delayed, 2 throttled"), "{table}");
        let sum = table.lines().last().unwrap().split_whitespace().nth(2);
        assert_eq!(sum, Some("2"), "{table}");
    }
}
