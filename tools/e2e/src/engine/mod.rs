//! The Docker engine. Labels all that it makes with the run's id, and removes by that label.

mod removal;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backon::{ConstantBuilder, Retryable};
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, ImageInspect, NetworkConnectRequest,
    NetworkCreateRequest, NetworkDisconnectRequest, NetworkingConfig, VolumeCreateRequest,
};
use bollard::query_parameters as query;
use bytes::Bytes;
use futures::TryStreamExt;

/// The label of everything that this program makes; its value is the run, or `image` for images.
pub(crate) const LABEL: &str = "influxdb3-fivetran.e2e";
/// The label of what belongs to one scenario; its value is the scenario's network.
const SCENARIO: &str = "influxdb3-fivetran.e2e.scenario";

/// How often, and after what pause, a container that could not be frozen is frozen again.
const FREEZES: usize = 20;
const FREEZE_AGAIN: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub(crate) struct Engine {
    docker: Docker,
}

/// A container to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<String>,
    /// `host directory:path`, or `volume:path`.
    pub(crate) binds: Vec<String>,
    /// The network, and what the others there call it.
    pub(crate) network: Option<(String, String)>,
    /// Shares the processes of this container.
    pub(crate) beside: Option<String>,
    /// An image that is not ours and may write where it likes, in its own file system.
    pub(crate) foreign: bool,
}

fn label(run: &str, scenario: &str) -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), run.to_owned()), (SCENARIO.to_owned(), scenario.to_owned())])
}

fn filter(label: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![label.to_owned()])])
}

impl Engine {
    /// Finds the engine that `docker` would use.
    pub(crate) async fn connect() -> Result<Self> {
        let docker = Docker::connect_with_defaults()?.negotiate_version().await?;
        docker.ping().await?;
        Ok(Self { docker })
    }

    pub(crate) async fn version(&self) -> Result<String> {
        Ok(self.docker.version().await?.version.unwrap_or_default())
    }

    pub(crate) async fn inspect_image(&self, image: &str) -> Option<ImageInspect> {
        self.docker.inspect_image(image).await.ok()
    }

    /// Gets an image from its registry.
    pub(crate) async fn pull(&self, image: &str) -> Result<()> {
        let options = query::CreateImageOptionsBuilder::default().from_image(image).build();
        let pulled = self.docker.create_image(Some(options), None, None);
        pulled.try_collect::<Vec<_>>().await?;
        Ok(())
    }

    /// Takes an archive of an image, and names it.
    pub(crate) async fn load(&self, archive: Vec<u8>) -> Result<()> {
        let options = query::ImportImageOptionsBuilder::default().build();
        let body = bollard::body_full(Bytes::from(archive));
        let loaded = self.docker.import_image(options, body, None);
        loaded.try_collect::<Vec<_>>().await.context("the engine refuses an image")?;
        Ok(())
    }

    /// A network without a way out.
    pub(crate) async fn create_network(&self, run: &str, name: &str) -> Result<()> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            internal: Some(true),
            labels: Some(label(run, name)),
            ..Default::default()
        };
        self.docker.create_network(request).await.context("cannot make a network")?;
        Ok(())
    }

    /// Makes a volume in memory, of a size, that anybody may write to. It is emptied when no
    /// container uses it.
    pub(crate) async fn create_small_volume(
        &self,
        run: &str,
        scenario: &str,
        name: &str,
        kilobytes: u64,
    ) -> Result<()> {
        let options = [
            ("type", "tmpfs".to_owned()),
            ("device", "tmpfs".to_owned()),
            ("o", format!("size={kilobytes}k,mode=1777")),
        ];
        let options = options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            driver: Some("local".to_owned()),
            driver_opts: Some(options),
            labels: Some(label(run, scenario)),
            ..Default::default()
        };
        self.docker.create_volume(request).await.context("cannot make a volume")?;
        Ok(())
    }

    /// Makes a container, and starts it.
    pub(crate) async fn start(&self, run: &str, container: &Container) -> Result<()> {
        let Container { name, image, command, environment, binds, network, beside, foreign } =
            container;
        let (network, alias) = network.clone().unwrap_or_default();
        let host = HostConfig {
            binds: Some(binds.clone()),
            network_mode: Some(if network.is_empty() {
                "none".to_owned()
            } else {
                network.clone()
            }),
            pid_mode: beside.as_ref().map(|other| format!("container:{other}")),
            readonly_rootfs: Some(!foreign),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            pids_limit: Some(512),
            ..Default::default()
        };
        let endpoint = EndpointSettings { aliases: Some(vec![alias]), ..Default::default() };
        let networking = NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network.clone(), endpoint)])),
        };
        let body = ContainerCreateBody {
            image: Some(image.clone()),
            cmd: Some(command.clone()),
            env: Some(environment.clone()),
            labels: Some(label(run, &network)),
            host_config: Some(host),
            networking_config: (!network.is_empty()).then_some(networking),
            ..Default::default()
        };
        let options = query::CreateContainerOptionsBuilder::default().name(name).build();
        let created = self.docker.create_container(Some(options), body).await;
        created.with_context(|| format!("cannot make the container {name}"))?;
        self.start_again(name).await
    }

    pub(crate) async fn start_again(&self, name: &str) -> Result<()> {
        let started = self.docker.start_container(name, None::<query::StartContainerOptions>).await;
        started.with_context(|| format!("cannot start the container {name}"))
    }

    /// Ends a container's process with SIGKILL. False: it had ended already.
    pub(crate) async fn kill(&self, name: &str) -> Result<bool> {
        match self.docker.kill_container(name, None::<query::KillContainerOptions>).await {
            Ok(()) => Ok(true),
            Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn pause(&self, name: &str) -> Result<()> {
        // A process that is being forked, or is in a slow system call, may escape the freezer.
        let tries = ConstantBuilder::default().with_delay(FREEZE_AGAIN).with_max_times(FREEZES);
        let frozen = (|| self.docker.pause_container(name)).retry(tries).await;
        frozen.with_context(|| format!("cannot freeze {name}"))
    }

    pub(crate) async fn unpause(&self, name: &str) -> Result<()> {
        Ok(self.docker.unpause_container(name).await?)
    }

    pub(crate) async fn disconnect(&self, network: &str, name: &str) -> Result<()> {
        let request = NetworkDisconnectRequest { container: name.to_owned(), force: Some(true) };
        Ok(self.docker.disconnect_network(network, request).await?)
    }

    pub(crate) async fn reconnect(&self, network: &str, name: &str, alias: &str) -> Result<()> {
        let endpoint =
            EndpointSettings { aliases: Some(vec![alias.to_owned()]), ..Default::default() };
        let request =
            NetworkConnectRequest { container: name.to_owned(), endpoint_config: Some(endpoint) };
        Ok(self.docker.connect_network(network, request).await?)
    }

    /// Waits for a container's end, and gives its exit code.
    pub(crate) async fn wait(&self, name: &str) -> Result<i64> {
        let ended = self.docker.wait_container(name, None::<query::WaitContainerOptions>);
        match ended.try_collect::<Vec<_>>().await {
            // An engine that is stopped ends its answer without a word.
            Ok(answers) => match answers.first() {
                Some(answer) => Ok(answer.status_code),
                None => bail!("the engine does not say how the container {name} has ended"),
            },
            Err(Error::DockerContainerWaitError { code, .. }) => Ok(code),
            Err(error) => bail!("cannot wait for the container {name}: {error}"),
        }
    }

    pub(crate) async fn is_running(&self, name: &str) -> Result<bool> {
        let found =
            self.docker.inspect_container(name, None::<query::InspectContainerOptions>).await?;
        Ok(found.state.and_then(|state| state.running).unwrap_or_default())
    }

    /// All that the engine tells of a container: it must name no secret either.
    pub(crate) async fn describe(&self, name: &str) -> Result<String> {
        let found =
            self.docker.inspect_container(name, None::<query::InspectContainerOptions>).await?;
        Ok(serde_json::to_string_pretty(&found)?)
    }

    /// Where a container is reached from this machine; nothing while it is cut off.
    pub(crate) async fn address(&self, network: &str, name: &str) -> Result<IpAddr> {
        let found =
            self.docker.inspect_container(name, None::<query::InspectContainerOptions>).await?;
        let networks = found.network_settings.and_then(|settings| settings.networks);
        let address = networks
            .and_then(|mut networks| networks.remove(network))
            .and_then(|endpoint| endpoint.ip_address)
            .unwrap_or_default();
        address.parse().with_context(|| format!("{name} has no address in {network}"))
    }

    /// What a container has said so far.
    pub(crate) async fn logs(&self, name: &str) -> Result<Vec<u8>> {
        let options = query::LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let mut text = Vec::new();
        let mut lines = self.docker.logs(name, Some(options));
        while let Some(line) = lines.try_next().await? {
            text.extend_from_slice(&line.into_bytes());
        }
        Ok(text)
    }

    /// A directory of a running container, as an archive.
    pub(crate) async fn download(&self, name: &str, path: &str) -> Result<Vec<u8>> {
        let options = query::DownloadFromContainerOptionsBuilder::default().path(path).build();
        let parts: Vec<Bytes> =
            self.docker.download_from_container(name, Some(options)).try_collect().await?;
        Ok(parts.concat())
    }

    /// The ids of the containers of a scenario.
    pub(crate) async fn ids_of_scenario(&self, scenario: &str) -> Result<Vec<String>> {
        self.ids(&format!("{SCENARIO}={scenario}")).await
    }

    /// The ids of the containers of a run.
    pub(crate) async fn ids_of_run(&self, run: &str) -> Result<Vec<String>> {
        self.ids(&format!("{LABEL}={run}")).await
    }

    async fn ids(&self, label: &str) -> Result<Vec<String>> {
        let options = query::ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filter(label))
            .build();
        let found = self.docker.list_containers(Some(options)).await?;
        Ok(found.into_iter().filter_map(|container| container.id).collect())
    }

    /// The runs of which anything is there.
    pub(crate) async fn runs(&self) -> Result<BTreeSet<String>> {
        let options = query::ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filter(LABEL))
            .build();
        let containers = self.docker.list_containers(Some(options)).await?;
        let of_containers = containers.into_iter().filter_map(|container| container.labels);
        let options = query::ListNetworksOptionsBuilder::default().filters(&filter(LABEL)).build();
        let networks = self.docker.list_networks(Some(options)).await?;
        let of_networks = networks.into_iter().filter_map(|network| network.labels);
        let labels = of_containers.chain(of_networks);
        Ok(labels.filter_map(|mut labels| labels.remove(LABEL)).collect())
    }
}
