//! Making, starting, stopping and removing containers.

use std::{collections::HashMap, num::NonZeroU16, time::Duration};

use bollard::{
    models::{ContainerCreateBody, HostConfig, PortBinding},
    query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder},
};

use super::{
    connect::{Engine, within},
    error::DockerError,
};
use crate::containers::{id::ContainerId, image::ImageRef};

/// Making or starting a container touches storage, network and the runtime, on a node that may be busy.
const CHANGE_DEADLINE: Duration = Duration::from_mins(1);
/// How long the engine may take beyond the time that the container was given to stop.
const STOP_SLACK: Duration = Duration::from_secs(20);

/// All that a caller decides about a new container. What it may do on the host is not among it.
#[derive(Clone, Debug)]
pub struct NewContainer {
    /// Its name, without a slash.
    pub name: String,
    /// Its image, which is here.
    pub image: ImageRef,
    /// Port that its program listens on, told to it in `PORT`.
    pub inner_port: NonZeroU16,
    /// Port of the host; Docker picks a free one if `None`.
    pub published_port: Option<NonZeroU16>,
    /// Labels.
    pub labels: HashMap<String, String>,
}

impl Engine {
    /// Makes a container, not started. `Refused` with 409 if the name is taken.
    pub async fn create(&self, new: &NewContainer) -> Result<ContainerId, DockerError> {
        let call = "create container";
        let client = self.client()?;
        let options = CreateContainerOptionsBuilder::default().name(&new.name).build();
        let made = within(call, CHANGE_DEADLINE, async {
            client
                .create_container(Some(options), body(new))
                .await
                .map_err(self.failed(call))
        })
        .await?;
        made.id.parse().map_err(|_| DockerError::Nonsense {
            call,
            reason: "no container id".to_owned(),
        })
    }

    /// Starts a container. Returns when its process runs and its ports are published.
    pub async fn start(&self, id: ContainerId) -> Result<(), DockerError> {
        let call = "start container";
        let client = self.client()?;
        within(call, CHANGE_DEADLINE, async {
            client
                .start_container(&id.to_string(), None)
                .await
                .map_err(self.failed(call))
        })
        .await
    }

    /// SIGTERM, then SIGKILL after `patience`, at once if that is zero.
    pub async fn stop(&self, id: ContainerId, patience: Duration) -> Result<(), DockerError> {
        let call = "stop container";
        let client = self.client()?;
        let seconds = i32::try_from(patience.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        within(call, patience + STOP_SLACK, async {
            client
                .stop_container(&id.to_string(), Some(options))
                .await
                .map_err(self.failed(call))
        })
        .await
    }

    /// Removes a container and its anonymous volumes, killing it if it still runs.
    pub async fn remove(&self, id: ContainerId) -> Result<(), DockerError> {
        let call = "remove container";
        let client = self.client()?;
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        within(call, CHANGE_DEADLINE, async {
            client
                .remove_container(&id.to_string(), Some(options))
                .await
                .map_err(self.failed(call))
        })
        .await
    }
}

fn body(new: &NewContainer) -> ContainerCreateBody {
    let inner = format!("{}/tcp", new.inner_port);
    // An empty port asks Docker for a free one.
    let host_port = new.published_port.map(|port| port.to_string()).unwrap_or_default();
    let binding = PortBinding {
        host_ip: None,
        host_port: Some(host_port),
    };
    ContainerCreateBody {
        image: Some(new.image.as_str().to_owned()),
        env: Some(vec![format!("PORT={}", new.inner_port)]),
        labels: Some(new.labels.clone()),
        exposed_ports: Some(vec![inner.clone()]),
        host_config: Some(HostConfig {
            port_bindings: Some(HashMap::from([(inner, Some(vec![binding]))])),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}
