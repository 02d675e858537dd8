//! The command line.

use std::ops::RangeInclusive;

use clap::builder::PossibleValuesParser;

use crate::{proxy, scenarios};

/// Runs the whole stack in containers, and injects faults while writers keep writing. At the end of
/// each scenario every point of InfluxDB is compared with every row of the warehouse.
#[derive(clap::Parser)]
#[command(name = "cargo xtask e2e", bin_name = "cargo xtask e2e", max_term_width = 100)]
pub(crate) struct Arguments {
    /// The image of InfluxDB [default: influxdb:3-core where it is there or can be pulled, else the
    /// fake of this workspace]
    #[arg(long, value_name = "IMAGE")]
    pub(crate) influxdb: Option<String>,

    /// Fivetran's own sdk-tester, to run against the connector instead of the scenarios
    #[arg(long, value_name = "IMAGE")]
    pub(crate) tester: Option<String>,

    /// Play this scenario alone; may be given several times, with names that --list tells
    #[arg(long, value_name = "NAME", value_parser = names(), hide_possible_values = true)]
    pub(crate) scenario: Vec<String>,

    /// List the scenarios
    #[arg(long)]
    pub(crate) list: bool,

    /// How often to play each, each time with other chances
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(COUNT))]
    pub(crate) rounds: u32,

    /// What all chances are drawn from [default: the time]
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,

    /// How many scenarios to play at once
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(COUNT))]
    pub(crate) jobs: u32,

    /// The short form: without the scenarios that take minutes
    #[arg(long)]
    pub(crate) short: bool,

    /// Instead of the scenarios: soak for so many minutes, and draw a graph
    #[arg(long, value_name = "MINUTES", conflicts_with_all = ["scenario", "tester", "short"])]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) soak: Option<u64>,

    /// Instead of the scenarios: much of everything, with sizes and times
    #[arg(long, conflicts_with_all = ["scenario", "tester", "short", "soak"])]
    pub(crate) load: bool,

    /// Leave the images there, with the tag `kept`: for `docker images`, and for fixtures/compose
    #[arg(long)]
    pub(crate) keep_images: bool,

    #[command(subcommand)]
    pub(crate) inside: Option<Inside>,
}

const COUNT: RangeInclusive<i64> = 1..=1_000;

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(scenarios::ALL.iter().map(|scenario| scenario.name))
}

/// What this program is inside of a container.
#[derive(clap::Subcommand)]
pub(crate) enum Inside {
    /// A TCP proxy that loses, delays and cuts
    #[command(hide = true)]
    Proxy(proxy::Arguments),
    /// Prints what the first process of this PID namespace uses
    #[command(hide = true)]
    Probe,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[test]
    fn what_cannot_be_played_is_refused() {
        let check = |arguments: &[&str], expected: bool| {
            let all = ["e2e"].iter().chain(arguments);
            assert_eq!(Arguments::try_parse_from(all).is_ok(), expected, "{arguments:?}");
        };
        check(&["--scenario", "clock", "--scenario", "tls"], true);
        check(&["--scenario", "clocks"], false);
        check(&["--soak", "1"], true);
        check(&["--soak", "0"], false);
    }

    #[test]
    fn who_mistypes_a_scenario_is_told_their_names() {
        let error = Arguments::try_parse_from(["e2e", "--scenario", "clocks"]).err().unwrap();
        let text = error.to_string();
        assert!(text.contains("twenty-connectors"), "{text}");
    }
}
