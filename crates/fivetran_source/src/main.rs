//! The connector under the name that Fivetran builds: it serves, and does nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::main()
}
