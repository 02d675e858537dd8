//! Resumes from the states of earlier versions, which `fixtures/states` has.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::program;

use super::End;
use crate::influx::{DATABASE, blocking};
use crate::sync::Ended;
use crate::world::{CONNECTOR, Unusual, World, write_for_all};

/// Where the cursors of the states stand, in nanoseconds: 2025-06-02T08:00:00Z.
const CURSOR: i64 = 1_748_851_200_000_000_000;

/// How the connector says that it starts a table anew (`begin.rs` of influx-source).
const ANEW: &str = "starts anew";

pub(super) async fn play(world: &mut World) -> Result<End> {
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let fixtures = program::root().join("fixtures");
    let lines = fs::read_to_string(fixtures.join("home.lp"))?;
    let (before, after): (Vec<_>, Vec<_>) = lines
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .partition(|line| time(line) < CURSOR);
    write(world, before.join("\n")).await?;

    // What the earlier versions had sent.
    let mut states: Vec<_> = fs::read_dir(fixtures.join("states"))
        .context("fixtures/states is missing")?
        .collect::<Result<_, _>>()?;
    ensure!(!states.is_empty(), "fixtures/states has no states");
    states.sort_by_key(fs::DirEntry::file_name);
    let (mut platforms, mut known) = (Vec::new(), Vec::new());
    for (number, state) in states.iter().enumerate() {
        let platform =
            world.platform_of(&format!("platform-{number}"), CONNECTOR, crate::world::INFLUXDB)?;
        world.synced(&platform, &[]).await?;
        let text = fs::read(state.path())?;
        write_for_all(&platform.state(), &text)?;
        known.push(tables(&text).with_context(|| state.path().display().to_string())?);
        platforms.push(platform);
    }
    // Write what came later: points after the cursor, a late one before it, and unknown tables.
    write(world, after.join("\n")).await?;
    write(world, format!("home,room=Attic temp=1.5 {}", CURSOR - 1_800_000_000_000)).await?;
    world.write_history(1_000).await?;
    let writers = world.start_writers();
    world.faults.count("earlier states", platforms.len() as u64);
    for ((platform, state), known) in platforms.iter().zip(&states).zip(&known) {
        let ended = world.synced(platform, &[]).await?;
        went_on(&ended, known).with_context(|| {
            format!("the state {} was not taken up: {}", state.path().display(), ended.text)
        })?;
    }
    Ok(End::Compared(world.promise(writers, &platforms).await?))
}

/// The tables that a state knows.
fn tables(state: &[u8]) -> Result<Vec<String>> {
    let state: Value = serde_json::from_slice(state)?;
    let tables = state["databases"][DATABASE].as_object().context("it knows no table")?;
    ensure!(!tables.is_empty(), "it knows no table");
    Ok(tables.keys().cloned().collect())
}

/// Checks that a state was resumed. If it was thrown away, everything is sent anew and the
/// warehouse is right in the end all the same: only the sync itself tells.
fn went_on(ended: &Ended, known: &[String]) -> Result<()> {
    let report = ended.report.as_ref().context("there is no report")?;
    for table in known {
        let truncates = &report["tables"][table]["truncates"];
        ensure!(*truncates == 0, "{table} has {truncates} truncates, and was to be read on");
    }
    let warnings = report["warnings"].as_array().context("the report has no warnings")?;
    let anew = warnings.iter().filter_map(Value::as_str).find(|text| text.contains(ANEW));
    ensure!(anew.is_none(), "a warning says: {}", anew.unwrap_or_default());
    Ok(())
}

fn time(line: &str) -> i64 {
    line.rsplit(' ').next().and_then(|time| time.parse().ok()).unwrap_or(i64::MAX)
}

async fn write(world: &World, lines: String) -> Result<()> {
    let influx = world.influx.clone();
    blocking(move || influx.write(&lines)).await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_state_knows_tables() {
        for state in fs::read_dir(program::root().join("fixtures/states")).unwrap() {
            let state = fs::read(state.unwrap().path()).unwrap();
            assert!(tables(&state).is_ok());
        }
    }

    #[test]
    fn a_state_that_was_thrown_away_is_seen() {
        let check = |truncates: u64, warnings: &[&str], expected: bool| {
            let tables = json!({ "home": { "rows": 9, "truncates": truncates } });
            let report = Some(json!({ "tables": tables, "warnings": warnings }));
            let ended = Ended { code: 0, report, text: String::new(), due: 0 };
            assert_eq!(went_on(&ended, &["home".to_owned()]).is_ok(), expected);
        };
        check(0, &["\"machines\" is new"], true);
        check(1, &[], false);
        check(0, &["Measurement \"home\" starts anew, because `table_name` has changed"], false);
    }
}
