//! Creating a container for a service: image, name, ports, start, and nothing left behind if a step fails.

mod leftover;
mod reserve;

use std::{collections::HashMap, num::NonZeroU16, sync::Arc, time::Duration};

use bytes::Bytes;
use thiserror::Error;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    cli::PullPolicy,
    containers::{
        ContainerId, Containers,
        container::{MANAGED_LABEL, SERVICE_LABEL},
        image::ImageRef,
        naming::{ServiceName, instance_name},
    },
    docker::{DockerError, Engine, lifecycle::NewContainer},
};
use leftover::Leftover;
use reserve::{Reservation, Reservations};

/// Port of a program whose image does not say one.
const DEFAULT_PORT: NonZeroU16 = NonZeroU16::new(3000).unwrap();
/// Names that are tried before giving up: the random part has 1,000 values.
const NAME_ATTEMPTS: u32 = 20;
/// How long an answer waits for the agent's own table to show the new container.
const TABLE_DEADLINE: Duration = Duration::from_secs(5);

/// What a caller asks for.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What to run.
    pub image: ImageRef,
    /// The service that it is an instance of.
    pub service: ServiceName,
    /// Port of the host; Docker picks one if `None`.
    pub port: Option<NonZeroU16>,
}

/// A container that was started.
#[derive(Clone, Debug)]
pub struct Launched {
    /// Its id.
    pub id: ContainerId,
    /// Docker's description of it, running.
    pub inspection: Bytes,
}

/// Why no container was started. Nothing is left of the attempt.
#[derive(Clone, Debug, Error)]
pub enum LaunchError {
    /// The image is neither here nor in its registry.
    #[error("no such image: {0}")]
    NoSuchImage(String),
    /// The port of the host is taken.
    #[error("port {0} of the host is in use")]
    PortInUse(NonZeroU16),
    /// The image cannot be run.
    #[error("the container did not start: {0}")]
    CannotStart(String),
    /// Docker does not take this for the name of an image, though the grammar allows it.
    #[error("Docker does not accept this image: {0}")]
    BadImage(String),
    /// The agent is stopping.
    #[error("the agent is stopping")]
    Stopping,
    /// Docker failed.
    #[error(transparent)]
    Docker(#[from] DockerError),
}

/// Creates containers on this node.
#[derive(Debug)]
pub struct Launcher {
    engine: Arc<Engine>,
    containers: Containers,
    reservations: Arc<Reservations>,
    pull: PullPolicy,
    pull_deadline: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Launcher {
    /// A launcher that pulls as told.
    ///
    /// A pull ends when `stop` is cancelled: nothing has been made by then, and it may take longer than the agent has. `tasks` owns
    /// what goes on when a caller has its answer.
    pub fn new(
        engine: Arc<Engine>,
        containers: Containers,
        pull: PullPolicy,
        pull_deadline: Duration,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            engine,
            containers,
            reservations: Arc::default(),
            pull,
            pull_deadline,
            stop,
            tasks,
        }
    }

    /// Creates and starts. Runs to its end or to its clean-up once begun: do not drop it half-way.
    pub async fn launch(&self, launch: &Launch) -> Result<Launched, LaunchError> {
        let inner_port = inner_port(&self.image_ports(&launch.image).await?);
        let index = self.reserve_index(&launch.service);
        let (id, index) = self.create(launch, index, inner_port).await?;
        let started = self.start(id, launch).await;
        if started.is_err()
            && let Err(error) = leftover::remove(&self.engine, id).await
        {
            tracing::warn!(container = %id, "it did not start and is not removed yet: {error}");
            self.clear_away(Leftover::Known(id), index);
            return started;
        }
        // The index stays reserved until the table shows who has it.
        self.containers.refresh(id, TABLE_DEADLINE).await;
        drop(index);
        started
    }

    /// Waits until nothing more is to be created.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    fn reserve_index(&self, service: &ServiceName) -> Reservation {
        let table = self.containers.table();
        let names = table
            .by_id
            .values()
            .filter(|container| *container.service == *service.as_str())
            .map(|container| &*container.name);
        self.reservations.reserve(service, names)
    }

    async fn image_ports(&self, image: &ImageRef) -> Result<Vec<NonZeroU16>, LaunchError> {
        let missing = match self.engine.image_tcp_ports(image).await {
            Err(error) if error.is_not_found() => error,
            Err(DockerError::Refused {
                status: 400, message, ..
            }) => return Err(LaunchError::BadImage(message)),
            found => return Ok(found?),
        };
        if self.pull == PullPolicy::Never {
            tracing::debug!("not pulled, as --pull never says: {missing}");
            return Err(LaunchError::NoSuchImage(image.to_string()));
        }
        tracing::info!(%image, "pulling");
        let pulled = tokio::select! {
            pulled = self.engine.pull(image, self.pull_deadline) => pulled,
            () = self.stop.cancelled() => return Err(LaunchError::Stopping),
        };
        match pulled {
            Err(error) if error.is_not_found() => Err(LaunchError::NoSuchImage(image.to_string())),
            Err(DockerError::Refused {
                status: 400, message, ..
            }) => Err(LaunchError::BadImage(message)),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(self.engine.image_tcp_ports(image).await?),
        }
    }

    /// The index goes to what is left of a creation that may yet come true, where there is such a thing.
    async fn create(
        &self,
        launch: &Launch,
        index: Reservation,
        inner_port: NonZeroU16,
    ) -> Result<(ContainerId, Reservation), LaunchError> {
        let labels = HashMap::from([
            (SERVICE_LABEL.to_owned(), launch.service.as_str().to_owned()),
            (MANAGED_LABEL.to_owned(), "true".to_owned()),
        ]);
        let mut attempt = 1;
        loop {
            let new = NewContainer {
                name: instance_name(&launch.service, index.index(), fastrand::u16(0..1000)),
                image: launch.image.clone(),
                inner_port,
                published_port: launch.port,
                labels: labels.clone(),
            };
            match self.engine.create(&new).await {
                Err(error) if error.is_conflict() && attempt < NAME_ATTEMPTS => attempt += 1,
                Err(error) if error.is_not_found() => {
                    return Err(LaunchError::NoSuchImage(launch.image.to_string()));
                }
                Err(error) => {
                    if leftover::is_possible(&error) {
                        self.clear_away(Leftover::Named(new.name), index);
                    }
                    return Err(error.into());
                }
                Ok(id) => return Ok((id, index)),
            }
        }
    }

    /// Goes on when the caller has its answer: of an engine that is only slow, that is before the container is there. The index is
    /// nobody else's until then, so that no other container has the name.
    fn clear_away(&self, left: Leftover, index: Reservation) {
        let (engine, containers, stop) = (Arc::clone(&self.engine), self.containers.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            let cleared = stop.run_until_cancelled(left.clear_away(&engine, &containers)).await;
            if cleared.is_none() {
                tracing::warn!("the agent stops, and leaves to you what nobody asks for any more: {left}");
            }
            drop(index);
        });
    }

    async fn start(&self, id: ContainerId, launch: &Launch) -> Result<Launched, LaunchError> {
        self.engine
            .start(id)
            .await
            .map_err(|error| why_not_started(error, launch.port))?;
        let inspection = self.engine.inspect(id).await?.raw;
        Ok(Launched { id, inspection })
    }
}

/// The port that the program listens on: the one that its image exposes, if it is one.
fn inner_port(exposed: &[NonZeroU16]) -> NonZeroU16 {
    match exposed {
        [only] => *only,
        _ => DEFAULT_PORT,
    }
}

/// Docker tells all of these as server errors; only its words tell them apart.
fn why_not_started(error: DockerError, port: Option<NonZeroU16>) -> LaunchError {
    const PORT_WORDS: [&str; 2] = ["port is already allocated", "address already in use"];
    const IMAGE_WORDS: [&str; 3] = [
        "OCI runtime create failed",
        "oci runtime error",
        "failed to create task",
    ];
    let Some(words) = error.refusal() else {
        return error.into();
    };
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    match port {
        Some(port) if says(&PORT_WORDS) => LaunchError::PortInUse(port),
        _ if says(&IMAGE_WORDS) => LaunchError::CannotStart(words.to_owned()),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(number: u16) -> NonZeroU16 {
        NonZeroU16::new(number).unwrap_or(DEFAULT_PORT)
    }

    #[test]
    fn the_only_exposed_port_is_the_programs() {
        assert_eq!(inner_port(&[port(80)]), port(80));
        assert_eq!(inner_port(&[]), DEFAULT_PORT);
        assert_eq!(inner_port(&[port(80), port(81)]), DEFAULT_PORT);
    }

    #[test]
    fn dockers_words_tell_why_it_did_not_start() {
        let refused = |message: &str| DockerError::Refused {
            call: "start",
            status: 500,
            message: message.to_owned(),
        };
        let taken = "driver failed: Bind for 0.0.0.0:80 failed: port is already allocated";
        assert!(matches!(
            why_not_started(refused(taken), Some(port(80))),
            LaunchError::PortInUse(_)
        ));
        assert!(matches!(why_not_started(refused(taken), None), LaunchError::Docker(_)));
        let bad = "OCI runtime create failed: exec: \"x\": executable file not found";
        assert!(matches!(
            why_not_started(refused(bad), None),
            LaunchError::CannotStart(_)
        ));
        assert!(matches!(
            why_not_started(refused("disk full"), None),
            LaunchError::Docker(_)
        ));
    }
}
