//! One scenario's world: a network, the containers in it, and what is counted.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;

use crate::console::Console;
use crate::engine::{Container, Engine};
use crate::faults::{DELAYED, Faults};
use crate::generator::Generator;
use crate::images::{FAKETIME, Images};
use crate::influx::{Influx, blocking};
use crate::logs;
use crate::probe::Usage;
use crate::proxy::Remote;
use crate::secrets::Secrets;
use crate::together::together;
use crate::writers::{Pace, Writers};

/// What the containers call each other.
pub(crate) const INFLUXDB: &str = "influxdb";
pub(crate) const CONNECTOR: &str = "connector";
pub(crate) const PROXY: &str = "proxy";
/// Where InfluxDB, the connector, and the proxy in their place listen.
pub(crate) const INFLUXDB_PORT: u16 = 8181;
pub(crate) const CONNECTOR_PORT: u16 = 50051;

/// How long a server may take to answer for the first time, on a busy machine.
const STARTING: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

/// What all worlds of a run share.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) engine: Engine,
    pub(crate) images: Images,
    pub(crate) console: Arc<Console>,
    pub(crate) secrets: Secrets,
    /// Where everything is written that is not in an image.
    pub(crate) directory: PathBuf,
}

pub(crate) struct World {
    pub(crate) run: Run,
    name: String,
    /// The network's name, which the containers' names begin with.
    pub(crate) network: String,
    pub(crate) directory: PathBuf,
    pub(crate) rng: Rng,
    pub(crate) faults: Faults,
    pub(crate) influx: Influx,
    pub(crate) syncs: Syncs,
    scheme: &'static str,
}

/// Syncs that were played.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Syncs {
    pub(crate) all: u64,
    pub(crate) failed: u64,
}

/// How a server is to run that is not as usual.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unusual {
    /// A clock that is off, as libfaketime has it: `+1h`.
    pub(crate) clock: Option<String>,
    /// A directory with `certificate.pem` and `key.pem`.
    pub(crate) tls: Option<PathBuf>,
    /// How often the fake takes a snapshot, without the present 10 minutes, in whole seconds.
    pub(crate) snapshots: Option<Duration>,
}

impl World {
    /// A network without anybody in it.
    pub(crate) async fn new(run: &Run, name: &str, seed: u64) -> Result<Self> {
        let network = format!("e2e-{}-{name}", run.id);
        let directory = run.directory.join(name);
        open_to_all(&directory)?;
        run.engine.create_network(&run.id, &network).await?;
        Ok(Self {
            influx: Influx::new(run.secrets.clone()),
            run: run.clone(),
            name: name.to_owned(),
            network,
            directory,
            rng: Rng::with_seed(seed),
            faults: Faults::default(),
            syncs: Syncs::default(),
            scheme: "http",
        })
    }

    pub(crate) fn container(&self, role: &str) -> String {
        format!("{}-{role}", self.network)
    }

    pub(crate) fn note(&self, text: &str) {
        self.run.console.note(&self.name, text);
    }

    /// Says and counts a fault.
    pub(crate) fn fault(&self, kind: &str) {
        self.faults.count(kind, 1);
    }

    /// Starts what most scenarios begin with: InfluxDB with 3,000 points of the last six hours, the
    /// connector, and writers.
    pub(crate) async fn usual(&mut self) -> Result<Writers> {
        self.start_influxdb(&Unusual::default()).await?;
        self.start_connector(CONNECTOR, &Unusual::default()).await?;
        self.write_history(3_000).await?;
        Ok(self.start_writers())
    }

    pub(crate) async fn write_history(&mut self, points: usize) -> Result<()> {
        let influx = self.influx.clone();
        self.write_history_to(&influx, points).await
    }

    pub(crate) async fn write_history_to(&mut self, influx: &Influx, points: usize) -> Result<()> {
        let mut generator = Generator::new(self.rng.u64(..), Duration::ZERO);
        let influx = influx.clone();
        blocking(move || {
            let bodies = generator.history(points, Duration::from_secs(6 * 3_600));
            bodies.iter().try_for_each(|body| influx.write(body))
        })
        .await
    }

    pub(crate) fn start_writers(&mut self) -> Writers {
        Writers::start(&self.influx, self.rng.u64(..), &Pace::default())
    }

    pub(crate) async fn start_influxdb(&mut self, unusual: &Unusual) -> Result<()> {
        let influx = self.influx.clone();
        self.start_server(INFLUXDB, &influx, unusual).await
    }

    /// Starts another InfluxDB, which has nothing in common with the first but its database's name.
    pub(crate) async fn start_another_influxdb(&mut self, role: &str) -> Result<Influx> {
        let influx = Influx::new(self.run.secrets.clone());
        self.start_server(role, &influx, &Unusual::default()).await?;
        Ok(influx)
    }

    async fn start_server(&mut self, role: &str, influx: &Influx, unusual: &Unusual) -> Result<()> {
        let data = self.directory.join(role);
        open_to_all(&data)?;
        let mut binds = vec![format!("{}:/data", data.display())];
        let mut command = match self.run.images.is_fake {
            true => vec!["--bind", "0.0.0.0:8181", "--data-directory", "/data"],
            false => vec![
                "influxdb3",
                "serve",
                "--node-id",
                "e2e",
                "--object-store",
                "file",
                "--data-dir",
                "/data",
            ],
        };
        if let Some(tls) = &unusual.tls {
            self.scheme = "https";
            binds.push(format!("{}:/tls:ro", tls.display()));
            command.extend(["--tls-cert", "/tls/certificate.pem", "--tls-key", "/tls/key.pem"]);
        }
        let mut command: Vec<_> = command.into_iter().map(str::to_owned).collect();
        if self.run.images.is_fake {
            // As 3.10 does it, so that the comparison's allowance for it is tested in every run.
            command.extend(["--either-value".to_owned(), self.rng.u64(..).to_string()]);
        }
        if let Some(period) = unusual.snapshots {
            ensure!(self.run.images.is_fake, "when InfluxDB takes snapshots is its own affair");
            command.extend(["--snapshot-every".to_owned(), period.as_secs().to_string()]);
        }
        let container = Container {
            name: self.container(role),
            image: self.run.images.influxdb.clone(),
            command,
            environment: self.clock(unusual)?,
            binds,
            network: Some((self.network.clone(), role.to_owned())),
            foreign: !self.run.images.is_fake,
            ..Container::default()
        };
        self.run.engine.start(&self.run.id, &container).await?;
        self.server_is_back(role, influx).await?;
        if influx.token().is_none() {
            let influx = influx.clone();
            blocking(move || influx.make_token()).await?;
        }
        Ok(())
    }

    /// Waits until InfluxDB answers, wherever it is now.
    pub(crate) async fn influxdb_is_back(&self) -> Result<()> {
        self.server_is_back(INFLUXDB, &self.influx).await
    }

    async fn server_is_back(&self, role: &str, influx: &Influx) -> Result<()> {
        let name = self.container(role);
        let address = self.run.engine.address(&self.network, &name).await?;
        influx.moved_to(format!("{}://{address}:{INFLUXDB_PORT}", self.scheme));
        let started = Instant::now();
        while started.elapsed() < STARTING {
            let influx = influx.clone();
            if blocking(move || Ok(influx.answers())).await? {
                return Ok(());
            }
            ensure!(self.run.engine.is_running(&name).await?, "InfluxDB has ended by itself");
            tokio::time::sleep(POLL).await;
        }
        bail!("InfluxDB does not answer after {STARTING:?}")
    }

    pub(crate) async fn start_connector(&mut self, role: &str, unusual: &Unusual) -> Result<()> {
        let container = Container {
            name: self.container(role),
            image: self.run.images.connector.clone(),
            command: vec!["--port".to_owned(), CONNECTOR_PORT.to_string()],
            environment: self.clock(unusual)?,
            network: Some((self.network.clone(), role.to_owned())),
            ..Container::default()
        };
        self.run.engine.start(&self.run.id, &container).await
    }

    fn clock(&self, unusual: &Unusual) -> Result<Vec<String>> {
        let Some(clock) = &unusual.clock else { return Ok(Vec::new()) };
        ensure!(self.run.images.faketime, "the images have no libfaketime");
        Ok(vec![
            format!("LD_PRELOAD={FAKETIME}"),
            format!("FAKETIME={clock}"),
            // How long something takes is not in doubt, only what time it is.
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
        ])
    }

    /// The proxy, which leads to InfluxDB and to the connector by the ports that these have.
    pub(crate) async fn start_proxy(&mut self) -> Result<Remote> {
        let routes = [(INFLUXDB_PORT, INFLUXDB), (CONNECTOR_PORT, CONNECTOR)];
        let mut command =
            vec!["proxy".to_owned(), "--seed".to_owned(), self.rng.u64(..).to_string()];
        for (port, host) in routes {
            command.extend(["--route".to_owned(), format!("{port}={host}:{port}")]);
        }
        let container = Container {
            name: self.container(PROXY),
            image: self.run.images.tools.clone(),
            command,
            network: Some((self.network.clone(), PROXY.to_owned())),
            ..Container::default()
        };
        self.run.engine.start(&self.run.id, &container).await?;
        let address = self.run.engine.address(&self.network, &container.name).await?;
        let remote = Remote::new(address);
        let started = Instant::now();
        while remote.done(INFLUXDB_PORT).await.is_err() {
            ensure!(started.elapsed() < STARTING, "the proxy does not answer");
            tokio::time::sleep(POLL).await;
        }
        Ok(remote)
    }

    /// Counts what the proxy has done.
    pub(crate) async fn count_proxy(&self, proxy: &Remote) -> Result<()> {
        for port in [INFLUXDB_PORT, CONNECTOR_PORT] {
            let done = proxy.done(port).await?;
            self.faults.count(DELAYED, done.delayed);
            self.faults.count("cut", done.cut);
            self.faults.count("gone silent", done.lost);
            self.faults.count("refused", done.refused);
        }
        Ok(())
    }

    pub(crate) async fn kill(&self, role: &str) -> Result<()> {
        if self.run.engine.kill(&self.container(role)).await? {
            self.fault(&format!("{role} killed"));
        }
        Ok(())
    }

    /// Lets some time pass, so many milliseconds, drawn by chance.
    pub(crate) async fn pass(&mut self, milliseconds: Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.rng.u64(milliseconds))).await;
    }

    /// Takes a container off the network: its packets go nowhere, and nobody is told.
    pub(crate) async fn cut(&self, role: &str) -> Result<()> {
        self.fault(&format!("{role} cut off"));
        self.run.engine.disconnect(&self.network, &self.container(role)).await
    }

    pub(crate) async fn mend(&self, role: &str) -> Result<()> {
        self.run.engine.reconnect(&self.network, &self.container(role), role).await?;
        if role == INFLUXDB { self.influxdb_is_back().await } else { Ok(()) }
    }

    pub(crate) async fn start_again(&self, role: &str) -> Result<()> {
        self.run.engine.start_again(&self.container(role)).await?;
        if role == INFLUXDB { self.influxdb_is_back().await } else { Ok(()) }
    }

    /// What a container's process uses.
    pub(crate) async fn usage(&self, role: &str, number: u64) -> Result<Usage> {
        let probe = Container {
            name: self.container(&format!("probe-{number}")),
            image: self.run.images.tools.clone(),
            command: vec!["probe".to_owned()],
            network: Some((self.network.clone(), format!("probe-{number}"))),
            beside: Some(self.container(role)),
            ..Container::default()
        };
        let engine = &self.run.engine;
        engine.start(&self.run.id, &probe).await?;
        engine.wait(&probe.name).await?;
        let said = engine.logs(&probe.name).await?;
        engine.remove(&probe.name).await?;
        serde_json::from_slice(&said)
            .with_context(|| format!("a probe said {:?}", String::from_utf8_lossy(&said)))
    }

    /// Keeps what all containers have said and what the engine tells of them, then removes them.
    pub(crate) async fn end(&self) -> Result<()> {
        let engine = &self.run.engine;
        let mut steps = Vec::new();
        for id in engine.ids_of_scenario(&self.network).await? {
            steps.push(self.keep_logs(&id).await);
        }
        steps.push(engine.remove_scenario(&self.network).await);
        together(steps)
    }

    /// Removes a container for good. Its output is kept, for people and for the search for secrets.
    pub(crate) async fn retire(&self, container: &str) -> Result<()> {
        self.keep_logs(container).await?;
        self.run.engine.remove(container).await
    }

    /// Keeps what a container has said.
    async fn keep_logs(&self, container: &str) -> Result<()> {
        let prefix = format!("{}-", self.network);
        logs::keep(&self.run.engine, container, &prefix, &self.directory.join("logs")).await
    }
}

/// Makes a directory that a container's user may write to, whoever that is.
pub(crate) fn open_to_all(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)?;
    Ok(fs::set_permissions(directory, fs::Permissions::from_mode(0o777))?)
}

/// Writes a file that a container's user may write to.
pub(crate) fn write_for_all(file: &Path, content: &[u8]) -> Result<()> {
    // Another user's file cannot be written to, but it can be replaced.
    if file.exists() {
        fs::remove_file(file)?;
    }
    fs::write(file, content)?;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o666))?)
}
