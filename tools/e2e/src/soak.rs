//! The soak: writers, a sync every few seconds, and random faults, for so many minutes. The
//! connector must survive all of it, and its memory, descriptors and state must not grow.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::graph::{self, Series};
use crate::outcome;
use crate::proxy::{Remote, Rules};
use crate::sync::{Platform, Sync, size};
use crate::trend::Trend;
use crate::world::{CONNECTOR, INFLUXDB, INFLUXDB_PORT, PROXY, Run, Unusual, World};
use crate::writers::{Pace, Writers};

/// The lookback of syncs. No point comes later than half of it, so that a sync has as much to do at
/// the end as at the beginning.
const LOOKBACK: Duration = Duration::from_secs(120);
/// Between two syncs, in milliseconds.
const PAUSE: std::ops::Range<u64> = 1_000..4_000;

/// What was seen after a sync.
#[derive(Clone, Copy, Debug)]
struct Sample {
    minutes: f64,
    connector_megabytes: f64,
    descriptors: f64,
    state_kilobytes: f64,
    influxdb_megabytes: f64,
}

/// Soaks for so many minutes. False: something has not held.
pub(crate) async fn run(run: &Run, minutes: u64, seed: u64) -> Result<bool> {
    let mut world = World::new(run, "soak", seed).await?;
    world.start_influxdb(&Unusual::default()).await?;
    world.start_connector(CONNECTOR, &Unusual::default()).await?;
    let proxy = world.start_proxy().await?;
    world.write_history(2_000).await?;
    let mut platform = world.platform_of("platform", CONNECTOR, PROXY)?;
    platform.set("lookback", format!("{}s", LOOKBACK.as_secs()))?;
    let pace = Pace { late: LOOKBACK / 2, pause: 250..600 };
    let writers = Writers::start(&world.influx, world.rng.u64(..), &pace);

    let (samples, faults) = soak(&mut world, &platform, &proxy, minutes).await?;
    world.count_proxy(&proxy).await?;
    let (points, refused) = writers.counts();
    let comparison = world.promise(writers, &[platform]).await?;

    let console = &run.console;
    console.say(&format!(
        "\n{minutes} minutes: {points} points written ({refused} writes refused and repeated), \
         {} syncs ({} failed), {} samples",
        world.syncs.all,
        world.syncs.failed,
        samples.len()
    ));
    let counts = world.faults.counts();
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    console.say(&format!("faults: {}", counts.join(", ")));
    console.say(&outcome::words(&comparison));
    let (table, is_flat) = trends(&samples);
    console.say(&table);
    let file = run.directory.with_file_name("soak.svg");
    draw(&file, &samples, &faults)?;
    console.say(&format!("The graph: {}", file.display()));
    world.end().await?;
    Ok(comparison.holds() && is_flat)
}

/// Syncs and injects faults until the time is over. Returns the samples, and the times of the
/// faults.
async fn soak(
    world: &mut World,
    platform: &Platform,
    proxy: &Remote,
    minutes: u64,
) -> Result<(Vec<Sample>, Vec<f64>)> {
    let (started, length) = (Instant::now(), Duration::from_secs(minutes * 60));
    let (mut samples, mut faults): (Vec<Sample>, Vec<f64>) = (Vec::new(), Vec::new());
    let elapsed = |started: Instant| started.elapsed().as_secs_f64() / 60.0;
    while started.elapsed() < length {
        let sync = world.begin(platform, &["--rest", "5ms"]).await?;
        if world.rng.u8(0..4) == 0 {
            faults.push(elapsed(started));
            fault(world, proxy, &sync).await?;
        }
        world.ended(sync).await?;
        let number = world.syncs.all;
        let connector = world.usage(CONNECTOR, number).await?;
        let influxdb = world.usage(INFLUXDB, number).await?;
        samples.push(Sample {
            minutes: elapsed(started),
            connector_megabytes: connector.resident_kilobytes as f64 / 1024.0,
            descriptors: connector.descriptors as f64,
            state_kilobytes: size(&platform.state()) as f64 / 1024.0,
            influxdb_megabytes: influxdb.resident_kilobytes as f64 / 1024.0,
        });
        if number.is_multiple_of(20) {
            let last = samples.last().context("no sample")?;
            world.note(&format!(
                "{:.1} min, {number} syncs, {} faults, connector {:.1} MB, {} descriptors, \
                 state {:.1} kB",
                last.minutes,
                faults.len(),
                last.connector_megabytes,
                last.descriptors,
                last.state_kilobytes
            ));
        }
        world.pass(PAUSE).await;
    }
    Ok((samples, faults))
}

/// One fault, of those that a connector lives through.
async fn fault(world: &mut World, proxy: &Remote, sync: &Sync) -> Result<()> {
    world.pass(50..800).await;
    match world.rng.u8(0..7) {
        0 => {
            world.kill(INFLUXDB).await?;
            world.pass(100..2_000).await;
            world.start_again(INFLUXDB).await
        }
        1 => {
            world.cut(INFLUXDB).await?;
            world.pass(500..4_000).await;
            world.mend(INFLUXDB).await
        }
        2 => {
            let rules = Rules { cut_after: Some((100, 30_000)), ..Rules::default() };
            during(world, proxy, rules).await
        }
        3 => {
            let rules = Rules { delay: 10, jitter: 40, ..Rules::default() };
            during(world, proxy, rules).await
        }
        4 => {
            during(
                world,
                proxy,
                Rules { refuse: true, cut_after: Some((0, 1)), ..Rules::default() },
            )
            .await
        }
        5 => {
            let role = [INFLUXDB, CONNECTOR][world.rng.usize(0..2)];
            world.fault(&format!("{role} frozen"));
            world.run.engine.pause(&world.container(role)).await?;
            world.pass(500..4_000).await;
            world.run.engine.unpause(&world.container(role)).await
        }
        _ => {
            if world.run.engine.kill(&sync.container).await? {
                world.fault("platform killed");
            }
            Ok(())
        }
    }
}

/// Some rules of the proxy for some seconds.
async fn during(world: &mut World, proxy: &Remote, rules: Rules) -> Result<()> {
    proxy.order(INFLUXDB_PORT, rules).await?;
    world.pass(1_000..5_000).await;
    proxy.order(INFLUXDB_PORT, Rules::default()).await?;
    Ok(())
}

/// A measure of a sample: its name with its unit, its value, and how much it may grow once warm.
type Measure = (&'static str, fn(&Sample) -> f64, Option<f64>);

const MEASURES: [Measure; 4] = [
    ("connector's memory, MB", |sample| sample.connector_megabytes, Some(4.0)),
    ("connector's descriptors", |sample| sample.descriptors, Some(4.0)),
    ("state, kB", |sample| sample.state_kilobytes, Some(1.0)),
    // The fake has all points in memory: it grows with them.
    ("InfluxDB's memory, MB (has all points)", |sample| sample.influxdb_megabytes, None),
];

fn trends(samples: &[Sample]) -> (String, bool) {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    table.set_header(["", "least", "most", "second quarter", "last quarter", "slope per hour", ""]);
    let mut flat = true;
    for (name, value, room) in MEASURES {
        let points: Vec<_> = samples.iter().map(|sample| (sample.minutes, value(sample))).collect();
        let trend = Trend::of(&points);
        let verdict = match room {
            None => "",
            Some(room) if trend.growth() <= room => "flat",
            Some(_) => {
                flat = false;
                "GROWS"
            }
        };
        let number = |value: f64| format!("{value:.2}");
        table.add_row([
            name.to_owned(),
            number(trend.least),
            number(trend.most),
            number(trend.second_quarter),
            number(trend.last_quarter),
            format!("{:+.2}", trend.slope * 60.0),
            verdict.to_owned(),
        ]);
    }
    for index in 1..6 {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    (table.trim_fmt(), flat)
}

fn draw(file: &Path, samples: &[Sample], faults: &[f64]) -> Result<()> {
    let series =
        MEASURES.iter().filter(|(_, _, room)| room.is_some()).map(|(name, value, _)| Series {
            name,
            points: samples.iter().map(|sample| (sample.minutes, value(sample))).collect(),
        });
    graph::draw(file, &series.collect::<Vec<_>>(), faults)
}
