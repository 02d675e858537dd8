//! The command line.

use clap::Parser;
use fivetran_adapter::DEFAULT_PORT;

#[derive(Parser)]
#[command(
    version,
    about = "Syncs InfluxDB 3 into any warehouse, through Fivetran",
    max_term_width = 100
)]
#[cfg_attr(
    feature = "local",
    command(
        args_conflicts_with_subcommands = true,
        after_help = "Without a command, the connector serves Fivetran on --port \
                      until it is stopped."
    )
)]
pub(crate) struct Arguments {
    /// The port to serve Fivetran on, on IPv4 and IPv6; 0 chooses a free one
    #[arg(long, default_value_t = DEFAULT_PORT)]
    pub(crate) port: u16,

    #[cfg(feature = "local")]
    #[command(subcommand)]
    pub(crate) command: Option<crate::local::Command>,
}
