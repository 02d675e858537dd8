//! A run: images, scenarios, a table, and nothing left behind.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail};
use futures::{StreamExt, stream};
use tokio::signal::unix::{SignalKind, signal};
use xtask::program;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::engine::Engine;
use crate::images;
use crate::outcome::{self, Outcome, Verdict};
use crate::scenarios::{self, End, Scenario};
use crate::secrets::Secrets;
use crate::together::together;
use crate::world::{Run, World};
use crate::{load, logs, sdk_tester, soak};

/// No scenario takes longer: what hangs is a failure too.
const LONGEST: Duration = Duration::from_secs(20 * 60);
/// Between two removals: what was asked for just before the end may only be made after the first.
const AFTERMATH: Duration = Duration::from_millis(500);

/// What has been played so far: it is told of an interrupted run too.
type Played = RefCell<Vec<Outcome>>;

/// Plays what was asked for. False: something did not hold.
pub(crate) async fn run(arguments: &Arguments, engine: Engine) -> Result<bool> {
    let chosen = chosen(arguments);
    let seed = arguments.seed.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    });
    let directory = RunDirectory::new()?;
    if let Err(error) = remove_dead_runs(&engine).await {
        println!("Not all that earlier runs have left can be removed: {error:#}");
    }

    let mut terminated = signal(SignalKind::terminate())?;
    let played = Played::default();
    let work = work(arguments, &engine, &directory, &chosen, seed, &played);
    let result = tokio::select! {
        result = work => result,
        Ok(()) = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
        _ = terminated.recv() => Err(anyhow!("terminated")),
    };
    if result.is_err()
        && let Err(error) = keep_logs(&engine, &directory).await
    {
        // What is there is removed all the same.
        println!("Not all that containers said can be kept: {error:#}");
    }
    let cleaned =
        clean(&engine, &directory.id).await.context("not all that was made can be removed");
    if result.is_err() && cleaned.is_ok() {
        println!("What was made is removed.");
    }
    if result.is_err() && !played.borrow().is_empty() {
        println!("\nAs far as it came:\n{}", outcome::table(&chosen, &played.borrow()));
    }
    let held = matches!(result, Ok(true));
    // The run's own error first: the other may come of it.
    together([result.map(drop), cleaned])?;
    Ok(held)
}

async fn work(
    arguments: &Arguments,
    engine: &Engine,
    directory: &RunDirectory,
    chosen: &[&Scenario],
    seed: u64,
    played: &Played,
) -> Result<bool> {
    let console = Arc::new(Console::new(&directory.path.join("console.log"))?);
    let influxdb = images::influxdb(engine, arguments.influxdb.as_deref()).await?;
    let which = match &influxdb {
        Some(image) => format!("InfluxDB is the image {image}."),
        None => "InfluxDB is played by this workspace's fake (influxdb:3-core is not here, and \
                 cannot be pulled)."
            .to_owned(),
    };
    console.say(&which);
    console.say(&format!(
        "Docker {}, run {}, seed {seed}, directory {}",
        engine.version().await?,
        directory.id,
        directory.path.display()
    ));
    let tag = if arguments.keep_images { images::KEPT } else { &directory.id };
    let images = images::build(engine, tag, influxdb, &console).await?;
    let secrets = Secrets::default();
    let run = Run {
        id: directory.id.clone(),
        engine: engine.clone(),
        images,
        console: Arc::clone(&console),
        secrets: secrets.clone(),
        directory: directory.path.clone(),
    };

    let mut is_compared = true;
    let held = match (arguments.soak, &arguments.tester) {
        (Some(minutes), _) => soak::run(&run, minutes, seed).await?,
        (_, Some(image)) => {
            is_compared = false;
            sdk_tester::run(&run, image, seed).await?
        }
        _ if arguments.load => load::run(&run, seed).await?,
        _ => {
            let held = play_all(&run, arguments, chosen, seed, played).await;
            is_compared = played.borrow().iter().any(Outcome::is_compared);
            held
        }
    };
    let search = secrets.search(&directory.path)?;
    console.say(&format!(
        "\nSecrets: {} tokens were searched for, as they are and in base64, in {} files ({:.1} MB) \
         with all that was said, logged and stored: found {}.",
        secrets.len(),
        search.files,
        search.bytes as f64 / 1e6,
        search.leaks.len()
    ));
    console.say(&format!(
        "(Of {} configuration files, which tell the connector its token, the search finds it in \
         {}; it must in all.)",
        search.inputs, search.inputs_found
    ));
    for leak in &search.leaks {
        console.say(&format!("  {} in {}", leak.form, leak.file.display()));
    }
    let good = held && search.leaks.is_empty() && search.is_sharp();
    let kept = directory.path.display();
    console.say(&match (good, is_compared) {
        (true, true) => {
            "The promise holds: every point is there once, with its present values.".to_owned()
        }
        (true, false) => {
            "No warehouse was compared with InfluxDB: of the promise nothing is known.".to_owned()
        }
        (false, _) => format!("Something does NOT hold. What all containers said is in {kept}"),
    });
    console.say(&which);
    if good {
        directory.forget();
    }
    Ok(good)
}

/// Plays scenarios, some at once; false if one has failed.
async fn play_all(
    run: &Run,
    arguments: &Arguments,
    chosen: &[&Scenario],
    seed: u64,
    played: &Played,
) -> bool {
    let rounds = (0..arguments.rounds).flat_map(|round| chosen.iter().map(move |s| (*s, round)));
    stream::iter(rounds)
        .map(|(scenario, round)| play(run, scenario, round, seed))
        .buffer_unordered(arguments.jobs as usize)
        .for_each(async |outcome| played.borrow_mut().push(outcome))
        .await;
    run.console.say(&format!("\n{}", outcome::table(chosen, &played.borrow())));
    !played.borrow().iter().any(Outcome::failed)
}

async fn play(run: &Run, scenario: &Scenario, round: u32, seed: u64) -> Outcome {
    let name = format!("{}-{round}", scenario.name);
    // Each has chances of its own, whatever else is played and in which order.
    let letters = name
        .bytes()
        .fold(seed, |sum, byte| sum.wrapping_mul(0x0000_0100_0000_01b3).wrapping_add(byte.into()));
    run.console.note(&name, "begins");
    let started = Instant::now();
    let mut outcome = Outcome::new(scenario.name, round);
    match World::new(run, &name, letters).await {
        Ok(mut world) => {
            let played = tokio::time::timeout(LONGEST, (scenario.play)(&mut world)).await;
            let played = played.unwrap_or_else(|_| bail!("it does not end within {LONGEST:?}"));
            outcome.verdict = match played {
                Ok(End::Compared(comparison)) => Verdict::Compared(comparison),
                Ok(End::Skipped(reason)) => Verdict::Skipped(reason),
                Err(error) => Verdict::Failed(format!("{error:#}")),
            };
            outcome.faults = world.faults.counts();
            outcome.syncs = world.syncs;
            if let Err(error) = world.end().await {
                outcome.fail(&format!("it cannot be put away: {error:#}"));
            }
        }
        Err(error) => outcome.verdict = Verdict::Failed(format!("{error:#}")),
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    run.console.note(&name, &outcome.to_string());
    outcome
}

fn chosen(arguments: &Arguments) -> Vec<&'static Scenario> {
    let wanted = |scenario: &&Scenario| match arguments.scenario.as_slice() {
        [] => !(arguments.short && scenario.long),
        names => names.iter().any(|name| name == scenario.name),
    };
    // The long ones first, so that the others are played while they wait.
    let (long, short): (Vec<_>, Vec<_>) =
        scenarios::ALL.iter().filter(wanted).partition(|scenario| scenario.long);
    [long, short].concat()
}

/// A run's id and its directory. Holds a lock while the run lives, by which other runs know.
pub(crate) struct RunDirectory {
    pub(crate) id: String,
    pub(crate) path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    fn new() -> Result<Self> {
        let id = format!("{:08x}", fastrand::u32(..));
        let path = program::target().join("e2e").join(&id);
        fs::create_dir_all(&path)?;
        let lock = File::create(lock(&id))?;
        lock.try_lock().context("a lock of this run is taken")?;
        Ok(Self { id, path, _lock: lock })
    }

    /// Removes what nobody will ask about. What cannot be removed is of no harm.
    fn forget(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_file(lock(&self.id));
    }
}

fn lock(id: &str) -> PathBuf {
    std::env::temp_dir().join(format!("influxdb3-fivetran-e2e-{id}.lock"))
}

fn lives(id: &str) -> bool {
    File::open(Path::new(&lock(id))).is_ok_and(|file| file.try_lock().is_err())
}

/// Removes what runs have left that were killed.
async fn remove_dead_runs(engine: &Engine) -> Result<()> {
    let mut removed = Vec::new();
    for run in engine.runs().await? {
        if !lives(&run) {
            removed.push(engine.remove_run(&run).await);
            let _ = fs::remove_file(lock(&run));
        }
    }
    removed.push(engine.remove_images(|tag| tag != images::KEPT && !lives(tag)).await);
    together(removed)
}

/// Keeps what the containers have said that an end has surprised.
async fn keep_logs(engine: &Engine, directory: &RunDirectory) -> Result<()> {
    let (prefix, logs) = (format!("e2e-{}-", directory.id), directory.path.join("logs"));
    let ids = engine.ids_of_run(&directory.id).await?;
    let mut kept = Vec::new();
    for id in &ids {
        // One may vanish meanwhile, and the others still have something to say.
        kept.push(logs::keep(engine, id, &prefix, &logs).await);
    }
    if !ids.is_empty() {
        println!("What all containers said until then is in {}", directory.path.display());
    }
    together(kept)
}

/// Removes what this run has made.
async fn clean(engine: &Engine, run: &str) -> Result<()> {
    // Remove twice: a request that was under way when the run was interrupted may be done only now.
    // What fails the first removal, such as a container that was just started, is gone for the
    // second.
    let mut removed = Ok(());
    for _ in 0..2 {
        removed = engine.remove_run(run).await;
        tokio::time::sleep(AFTERMATH).await;
    }
    together([removed, engine.remove_images(|tag| tag == run).await])
}
