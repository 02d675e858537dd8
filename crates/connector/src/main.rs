//! The connector with all its commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector::main()
}
