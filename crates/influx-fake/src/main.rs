//! `influx-fake`: a fake InfluxDB 3 on a port.

use std::future::pending;
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use influx_fake::{Fake, Options, Overwrites, Tls, Version};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A fake InfluxDB 3 for tests and first runs. Points are in memory, unless a directory
/// keeps them.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8181")]
    bind: SocketAddr,

    /// The token that every call must carry [default: none]
    #[arg(long, env = "INFLUX_FAKE_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// A database to make at the start, and the one that files are loaded into
    #[arg(long, value_name = "NAME", default_value = "demo")]
    database: String,

    /// Line protocol to load, with nanosecond timestamps; FILE goes into the database above
    #[arg(long, value_name = "[DATABASE=]FILE")]
    load: Vec<String>,

    /// An existing directory that keeps what is written, for the next start
    #[arg(long, value_name = "DIRECTORY")]
    data_directory: Option<PathBuf>,

    /// Takes a snapshot of the buffered points every so many seconds, without the present 10
    /// minutes [default: none is taken]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    snapshot_every: Option<u64>,

    /// Answers points that were overwritten since the last snapshot with either of their values, at
    /// random from this seed, as InfluxDB 3 before 3.11.4 does [default: the last value is
    /// answered]
    #[arg(long, value_name = "SEED")]
    either_value: Option<u64>,

    /// The release that it says it is, such as 3.11.4 [default: 3.10.0]
    #[arg(long, value_name = "VERSION")]
    release: Option<Version>,

    /// A certificate in PEM, to serve TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut options = Options::default();
    options.token = arguments.token.clone();
    options.tls = tls(&arguments)?;
    if let Some(seed) = arguments.either_value {
        options.overwrites = Overwrites::Either { seed };
    }
    if let Some(release) = arguments.release.clone() {
        options.release = release;
    }
    let scheme = if options.tls.is_some() { "https" } else { "http" };

    let fake = Fake::new(options);
    fake.create_database(&arguments.database);
    for load in &arguments.load {
        let (database, file) = split(load, &arguments.database)?;
        fake.write(database, &read(file)?)
            .with_context(|| format!("cannot load {}", file.display()))?;
    }
    // After the files, since kept points may overwrite theirs.
    if let Some(directory) = &arguments.data_directory {
        fake.keep_in(directory)
            .with_context(|| format!("cannot keep points in {}", directory.display()))?;
    }

    let listener = TcpListener::bind(arguments.bind)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.bind))?;
    let mut terminated = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    // Scripts wait for this line. A closed pipe does not matter.
    let _ = writeln!(stdout(), "influx-fake listens on {scheme}://{}", listener.local_addr()?);
    let shutdown = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            // If Ctrl-C cannot be caught, SIGTERM still works.
            Ok(()) = tokio::signal::ctrl_c() => {}
        }
    };
    let snapshots = async {
        match arguments.snapshot_every {
            Some(seconds) => fake.snapshot_every(Duration::from_secs(seconds)).await,
            None => pending().await,
        }
    };
    tokio::select! {
        // Poll snapshots first: what was loaded is in one before the first query is answered.
        biased;
        never = snapshots => match never {},
        served = fake.serve(listener, shutdown) => Ok(served?),
    }
}

/// `census=points.lp`, or a file alone. A file whose own name has a `=` can be given with its
/// folder: `./a=b.lp`.
fn split<'a>(load: &'a str, default: &'a str) -> anyhow::Result<(&'a str, &'a Path)> {
    match load.split_once('=') {
        Some(("", _)) => bail!("--load {load}: the name of the database is empty"),
        Some((database, file)) if !database.contains('/') => Ok((database, Path::new(file))),
        _ => Ok((default, Path::new(load))),
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn tls(arguments: &Arguments) -> anyhow::Result<Option<Tls>> {
    let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else {
        return Ok(None);
    };
    Ok(Some(Tls { certificate: read(certificate)?.into_bytes(), key: read(key)?.into_bytes() }))
}
