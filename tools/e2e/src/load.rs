//! Loads much of one thing after another: many measurements, many series, many columns, large rows,
//! and years of syncs. Prints sizes and times, and ends each with the same comparison.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Months, Utc};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::clock::{nanoseconds, now};
use crate::compare::Comparison;
use crate::influx::blocking;
use crate::sync::{Platform, size};
use crate::world::{CONNECTOR, Run, Unusual, World};

/// How large a body of a write may be.
const BODY: usize = 4 << 20;
/// A first point's age.
const AGE: Duration = Duration::from_secs(3_600);
const YEARS: u32 = 5;

/// Load of one thing: its name, and its lines of protocol, whose times begin at the one given.
type Load = (&'static str, fn(i64) -> Box<dyn Iterator<Item = String>>);

const LOADS: [Load; 4] = [
    ("a hundred measurements, 100 points each", |from| {
        Box::new((0..10_000_i64).map(move |n| {
            let (measurement, second) = (n % 100, n / 100);
            format!("m{measurement:02},host=a v={n}i,w={n}.5 {}", from + second * 1_000_000_000)
        }))
    }),
    ("10,000 series, 3 points each", |from| {
        Box::new((0..30_000_i64).map(move |n| {
            let (series, second) = (n % 10_000, n / 10_000);
            let site = series % 7;
            format!("series,id=s{series},site=p{site} v={n}i {}", from + second * 1_000_000_000)
        }))
    }),
    ("1,000 columns, 300 points", |from| {
        Box::new((0..300_i64).map(move |n| {
            let fields: Vec<_> = (0..999).map(|column| format!("f{column:03}={n}.25")).collect();
            format!("wide {} {}", fields.join(","), from + n * 1_000_000_000)
        }))
    }),
    ("rows of 1 MB, 60 points", |from| {
        Box::new((0..60_i64).map(move |n| {
            let text = format!("{n:016}").repeat((1 << 20) / 16);
            format!("large,host=a text=\"{text}\" {}", from + n * 1_000_000_000)
        }))
    }),
];

/// Loads all, one after another. False: something has not arrived.
pub(crate) async fn run(run: &Run, seed: u64) -> Result<bool> {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header([
        "what",
        "lines, MB",
        "first sync, s",
        "rows/s",
        "second sync, s",
        "peak, MB",
        "state, kB",
        "warehouse, MB",
        "rows",
        "missing",
        "extra",
    ]);
    let (mut all, mut held) = (Comparison::default(), true);
    for (number, load) in LOADS.iter().enumerate() {
        run.console.note("load", load.0);
        let comparison = one(run, number, seed, load, &mut table).await?;
        held &= comparison.holds();
        all.add(&comparison);
    }
    for index in 1..11 {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    run.console.say(&table.trim_fmt());
    all.examples.iter().for_each(|example| run.console.say(example));
    if !run.images.faketime {
        run.console.say("Years of syncs: skipped, for libfaketime is not on this machine.");
        return Ok(held);
    }
    run.console.note("load", "five years of syncs");
    Ok(years(run, seed).await? && held)
}

async fn one(
    run: &Run,
    number: usize,
    seed: u64,
    (name, lines): &Load,
    table: &mut Table,
) -> Result<Comparison> {
    let mut world = World::new(run, &format!("load-{number}"), seed).await?;
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let mut platform = world.platform()?;
    // What is large is to be read in windows of the usual size.
    platform.settings.remove("window_rows");
    // A second sync brings what is new, which is nothing.
    platform.set("lookback", "1s")?;
    let bytes = write(&world, lines(now() - nanoseconds(AGE))).await?;

    let started = Instant::now();
    let first = world.synced(&platform, &[]).await?;
    let first_seconds = seconds(&first).unwrap_or_else(|| started.elapsed().as_secs_f64());
    let started = Instant::now();
    let second = world.synced(&platform, &[]).await?;
    let second_seconds = seconds(&second).unwrap_or_else(|| started.elapsed().as_secs_f64());
    let usage = world.usage(CONNECTOR, 0).await?;
    let comparison = world.compare(&platform, first.due).await?;
    table.add_row([
        (*name).to_owned(),
        format!("{:.1}", bytes as f64 / 1e6),
        format!("{first_seconds:.2}"),
        format!("{:.0}", first.rows() as f64 / first_seconds),
        format!("{second_seconds:.2}"),
        format!("{:.0}", usage.peak_kilobytes as f64 / 1024.0),
        format!("{:.1}", size(&platform.state()) as f64 / 1024.0),
        format!("{:.1}", size(&platform.warehouse()) as f64 / 1e6),
        comparison.rows.to_string(),
        comparison.missing.to_string(),
        comparison.extra.to_string(),
    ]);
    world.end().await?;
    Ok(comparison)
}

/// How long a sync took, as the platform says: without the container's own beginning.
fn seconds(ended: &crate::sync::Ended) -> Option<f64> {
    ended.report.as_ref()?["seconds"].as_f64()
}

/// Writes lines in bodies, and gives their bytes.
async fn write(world: &World, lines: Box<dyn Iterator<Item = String>>) -> Result<usize> {
    let (mut body, mut bytes) = (String::new(), 0);
    for line in lines {
        if !body.is_empty() && body.len() + line.len() > BODY {
            bytes += send(world, std::mem::take(&mut body)).await?;
        }
        body.push_str(&line);
        body.push('\n');
    }
    Ok(bytes + send(world, body).await?)
}

async fn send(world: &World, body: String) -> Result<usize> {
    let (influx, bytes) = (world.influx.clone(), body.len());
    blocking(move || influx.write(&body)).await?;
    Ok(bytes)
}

/// A sync in each month of some years, by a connector whose clock says so: what the state becomes.
async fn years(run: &Run, seed: u64) -> Result<bool> {
    let mut world = World::new(run, "load-years", seed).await?;
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let platform = world.platform()?;
    let begin = Utc::now().checked_sub_months(Months::new(YEARS * 12)).context("no such time")?;
    let hours = i64::from(YEARS) * 365 * 24;
    let start = begin.timestamp_nanos_opt().context("no such time")?;
    write(
        &world,
        Box::new((0..hours / 6).map(move |n| {
            let (time, site) = (start + n * 6 * 3_600_000_000_000, n % 3);
            format!("years,site=p{site} v={n}i {time}")
        })),
    )
    .await?;
    let (mut sizes, started) = (Vec::new(), Instant::now());
    for month in 1..YEARS * 12 {
        let at = begin.checked_add_months(Months::new(month)).context("no such time")?;
        sync_at(&mut world, &platform, &at).await?;
        sizes.push(size(&platform.state()));
    }
    world.retire(&world.container(CONNECTOR)).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let comparison = world.settled(&platform).await?;
    sizes.push(size(&platform.state()));
    let (least, most) =
        (sizes.iter().min().context("no sync")?, sizes.iter().max().context("no sync")?);
    run.console.say(&format!(
        "A state after {YEARS} years of syncs, one a month: {} bytes after the first, {} after the \
         last, {least} to {most} between; {} rows, {} missing, {} extra, {:.0} s",
        sizes[0],
        sizes[sizes.len() - 1],
        comparison.rows,
        comparison.missing,
        comparison.extra,
        started.elapsed().as_secs_f64()
    ));
    world.end().await?;
    Ok(comparison.holds())
}

/// A sync by a connector that takes this for the present.
async fn sync_at(world: &mut World, platform: &Platform, at: &DateTime<Utc>) -> Result<()> {
    world.retire(&world.container(CONNECTOR)).await?;
    let clock = Some(at.format("@%Y-%m-%d %H:%M:%S").to_string());
    world.start_connector(CONNECTOR, &Unusual { clock, ..Unusual::default() }).await?;
    let ended = world.synced(platform, &[]).await?;
    ensure!(ended.rows() > 0, "a sync of {at} brought nothing: {}", ended.text);
    Ok(())
}
