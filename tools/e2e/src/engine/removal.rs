//! Removing what was made. One thing that cannot be removed is no reason to leave the others there.

use anyhow::{Context, Result};
use bollard::errors::Error;
use bollard::query_parameters as query;

use super::{Engine, LABEL, SCENARIO, filter};
use crate::together::together;

impl Engine {
    pub(crate) async fn remove(&self, name: &str) -> Result<()> {
        let options = query::RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(name, Some(options)).await {
            // Somebody removes it already.
            Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(()),
            other => gone(other),
        }
    }

    /// Removes what belongs to a scenario.
    pub(crate) async fn remove_scenario(&self, scenario: &str) -> Result<()> {
        self.remove_labelled(&format!("{SCENARIO}={scenario}")).await
    }

    /// Removes all containers, networks and volumes of a run.
    pub(crate) async fn remove_run(&self, run: &str) -> Result<()> {
        self.remove_labelled(&format!("{LABEL}={run}")).await
    }

    async fn remove_labelled(&self, label: &str) -> Result<()> {
        // In this order: a container uses the others.
        together([
            self.remove_containers(label).await.context("containers"),
            self.remove_networks(label).await.context("networks"),
            self.remove_volumes(label).await.context("volumes"),
        ])
    }

    async fn remove_containers(&self, label: &str) -> Result<()> {
        let mut removed = Vec::new();
        for container in self.ids(label).await? {
            removed.push(self.remove(&container).await);
        }
        together(removed)
    }

    async fn remove_networks(&self, label: &str) -> Result<()> {
        let options = query::ListNetworksOptionsBuilder::default().filters(&filter(label)).build();
        let mut removed = Vec::new();
        for network in self.docker.list_networks(Some(options)).await? {
            removed.push(gone(self.docker.remove_network(&network.id.unwrap_or_default()).await));
        }
        together(removed)
    }

    async fn remove_volumes(&self, label: &str) -> Result<()> {
        let options = query::ListVolumesOptionsBuilder::default().filters(&filter(label)).build();
        let mut removed = Vec::new();
        for volume in self.docker.list_volumes(Some(options)).await?.volumes.unwrap_or_default() {
            let options = None::<query::RemoveVolumeOptions>;
            removed.push(gone(self.docker.remove_volume(&volume.name, options).await));
        }
        together(removed)
    }

    /// Removes this program's images with these tags, and those whose tags have moved to newer
    /// ones.
    pub(crate) async fn remove_images(&self, is_to_go: impl Fn(&str) -> bool) -> Result<()> {
        let options = query::ListImagesOptionsBuilder::default().filters(&filter(LABEL)).build();
        let mut removed = Vec::new();
        for image in self.docker.list_images(Some(options)).await? {
            let mut tags = image.repo_tags;
            tags.retain(|tag| is_tag(tag));
            if tags.is_empty() {
                removed.push(self.remove_untagged(&image.id).await);
            }
            for tag in tags.iter().filter(|tag| is_to_go(tag.rsplit(':').next().unwrap_or(tag))) {
                let options = query::RemoveImageOptionsBuilder::default().force(true).build();
                removed.push(gone(self.docker.remove_image(tag, Some(options), None).await));
            }
        }
        together(removed).context("images")
    }

    async fn remove_untagged(&self, id: &str) -> Result<()> {
        match self.docker.remove_image(id, None::<query::RemoveImageOptions>, None).await {
            // A container of another run still uses it: the next run removes it.
            Err(Error::DockerResponseServerError { status_code: 409, .. }) => Ok(()),
            other => gone(other),
        }
    }
}

/// Older engines write `<none>:<none>` where there is no tag.
fn is_tag(tag: &str) -> bool {
    !tag.ends_with(":<none>")
}

/// What is gone already is removed.
fn gone<T>(result: Result<T, Error>) -> Result<()> {
    match result {
        Ok(_) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16) -> Result<(), Error> {
        Err(Error::DockerResponseServerError { status_code, message: String::new() })
    }

    #[test]
    fn what_is_gone_is_removed_and_what_is_in_use_is_not() {
        assert!(gone(Ok(())).is_ok());
        assert!(gone(answer(404)).is_ok());
        assert!(gone(answer(409)).is_err());
        assert!(gone(answer(403)).is_err());
    }

    #[test]
    fn no_tag_is_no_tag() {
        assert!(is_tag("influxdb3-fivetran/connector:kept"));
        assert!(!is_tag("<none>:<none>"));
    }
}
