//! `cargo xtask demo`: runs two syncs from a fake InfluxDB 3 into a local warehouse, with
//! nothing installed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::program::{self, Server, TOKEN};

const DATABASE: &str = "home";

const INTRODUCTION: &str = "\
This builds the connector and a fake InfluxDB 3, and then syncs twice into a local warehouse, a
SQLite file. The syncs take seconds.";

/// Said where nothing has been built yet.
const FIRST_TIME: &str = "\
The first time, cargo compiles some 300 crates before that: about ten minutes on two cores.
It tells how far it is:";

pub(crate) fn run() -> Result<()> {
    println!("{INTRODUCTION}");
    if !program::target().join("debug").join("influx-fake").exists() {
        println!("{FIRST_TIME}");
    }
    println!();
    let binaries = program::build()?;
    let directory = program::target().join("demo");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;

    let influx =
        program::influx_fake(&binaries, &[(DATABASE, "home.lp"), (DATABASE, "census.lp")])?;
    println!(
        "\nFake InfluxDB          {} (database {DATABASE:?}: fixtures/home.lp, fixtures/census.lp)",
        influx.address
    );
    let connector = program::connector(&binaries)?;
    println!("Connector              {} (gRPC, as Fivetran calls it)", connector.address);
    let configuration = directory.join("configuration.json");
    let settings = json!({
        "hostname": format!("http://{}", influx.address),
        "token": TOKEN,
        "database": DATABASE,
        "measurement": "*",
    });
    fs::write(&configuration, serde_json::to_string_pretty(&settings)?)?;
    let play = Play { binaries: &binaries, connector: &connector, directory: &directory };

    println!("\nFirst sync: Fivetran's part is played by `connector debug`.\n");
    play.sync(&["--rows", "4"])?;

    println!("\nThree new points are written, and a second sync is run.\n");
    write_points(&influx)?;
    let moved = play.sync(&["--rows", "3"])?;
    ensure!(moved == 3, "the second sync moved {moved} rows, and three were written");
    println!("\nExactly three rows moved.");

    let warehouse = directory.join("warehouse.db");
    println!("\nThe warehouse is a SQLite file: {}", warehouse.display());
    println!("Open it with: sqlite3 {} 'SELECT * FROM home'", warehouse.display());
    Ok(())
}

/// Plays Fivetran.
struct Play<'a> {
    binaries: &'a Path,
    connector: &'a Server,
    directory: &'a Path,
}

impl Play<'_> {
    /// Runs a sync, which prints what it does. Returns the number of its rows.
    fn sync(&self, options: &[&str]) -> Result<u64> {
        let report = self.directory.join("report.json");
        let mut command = Command::new(self.binaries.join("connector"));
        command
            .args(["debug", "--connector", &self.connector.address])
            .arg("--configuration")
            .arg(self.directory.join("configuration.json"))
            .arg("--directory")
            .arg(self.directory)
            .arg("--report")
            .arg(&report)
            .args(options);
        program::run(&mut command)?;
        let report: Value = serde_json::from_slice(&fs::read(report)?)?;
        report["rows"].as_u64().context("the report names no rows")
    }
}

/// Writes three points that are a minute old. A sync leaves the newest seconds out, in which points
/// may still be on their way.
fn write_points(influx: &Server) -> Result<()> {
    let minute_ago =
        SystemTime::now().duration_since(UNIX_EPOCH)?.saturating_sub(Duration::from_secs(60));
    let lines: Vec<_> =
        [("Kitchen", 23.1, 36.2), ("Living Room", 22.2, 36.4), ("Attic", 19.5, 41.0)]
            .iter()
            .map(|(room, temp, hum)| {
                let room = room.replace(' ', "\\ ");
                format!("home,room={room} temp={temp},hum={hum},co=1i {}", minute_ago.as_nanos())
            })
            .collect();
    let lines = lines.join("\n");
    println!("{lines}\n");
    let url =
        format!("http://{}/api/v3/write_lp?db={DATABASE}&precision=nanosecond", influx.address);
    ureq::post(url)
        .header("authorization", format!("Bearer {TOKEN}"))
        .send(lines)
        .context("the fake InfluxDB refused the points")?;
    Ok(())
}
