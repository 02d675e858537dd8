//! `connector check`: runs the setup tests.

use std::process::ExitCode;

use fivetran_tester::{Verdict, read_configuration};

use super::Connection;
use super::peer::Peer;

pub(crate) async fn run(connection: &Connection) -> anyhow::Result<ExitCode> {
    let configuration = read_configuration(&connection.configuration)?;
    let peer = Peer::connect(connection).await?;
    let checked = peer.tester.check(&configuration).await?;
    let mut passed = checked.breaches.is_empty();
    let mut last_text = "";
    for test in &checked.answer {
        match &test.verdict {
            Verdict::Passed => println!("passed  {}", test.label),
            // One problem often fails several tests. Print its text once.
            Verdict::Failed(text) | Verdict::Broken(text) if text == last_text => {
                println!("FAILED  {}", test.label)
            }
            Verdict::Failed(text) | Verdict::Broken(text) => {
                println!("FAILED  {}\n        {text}", test.label);
                last_text = text;
            }
            _ => println!("unknown {}", test.label),
        }
        passed &= test.verdict == Verdict::Passed;
    }
    for breach in &checked.breaches {
        println!("Fivetran's rules: {breach}");
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
