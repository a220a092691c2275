//! Images: is it here, what does it expose, get it.

use std::{num::NonZeroU16, time::Duration};

use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;

use super::{
    connect::{CALL_DEADLINE, Engine, within},
    error::DockerError,
};
use crate::containers::image::ImageRef;

impl Engine {
    /// The TCP ports that the image says it listens on. `Refused` with 404 if the image is not here.
    pub async fn image_tcp_ports(&self, image: &ImageRef) -> Result<Vec<NonZeroU16>, DockerError> {
        let call = "inspect image";
        let client = self.client()?;
        let described = within(call, CALL_DEADLINE, async {
            client.inspect_image(image.as_str()).await.map_err(self.failed(call))
        })
        .await?;
        let exposed = described
            .config
            .and_then(|config| config.exposed_ports)
            .unwrap_or_default();
        Ok(exposed.iter().filter_map(|port| tcp_port(port)).collect())
    }

    /// Fetches the image. `Refused` with 404 where the registry has none such.
    pub async fn pull(&self, image: &ImageRef, deadline: Duration) -> Result<(), DockerError> {
        let call = "pull image";
        let client = self.client()?;
        let Some(target) = image.pull_target() else {
            let message = format!("No such image: {image}");
            return Err(DockerError::Refused {
                call,
                status: 404,
                message,
            });
        };
        let options = CreateImageOptionsBuilder::default()
            .from_image(target.repository)
            .tag(target.version)
            .build();
        within(call, deadline, async {
            let mut progress = std::pin::pin!(client.create_image(Some(options), None, None));
            // A failure comes inside the stream, at any point of it: all of it is read.
            while let Some(step) = progress.next().await {
                let step = step.map_err(self.failed(call)).map_err(absent_is_not_found)?;
                if let Some(message) = step.error_detail.and_then(|detail| detail.message) {
                    return Err(absent_is_not_found(DockerError::Refused {
                        call,
                        status: 500,
                        message,
                    }));
                }
            }
            Ok(())
        })
        .await
    }
}

/// Engines report an image that the registry does not have as 404, as 500 or inside a stream that began with 200;
/// the words are the same.
fn absent_is_not_found(error: DockerError) -> DockerError {
    const WORDS: [&str; 4] = ["manifest unknown", "not found", "does not exist", "name unknown"];
    match error {
        DockerError::Refused { call, message, .. } if WORDS.iter().any(|words| message.contains(words)) => {
            DockerError::Refused {
                call,
                status: 404,
                message,
            }
        }
        other => other,
    }
}

/// The port of `80/tcp`; a bare `80` is TCP as well.
fn tcp_port(exposed: &str) -> Option<NonZeroU16> {
    let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
    if protocol == "tcp" { port.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tcp_ports_count() {
        assert_eq!(tcp_port("80/tcp").map(NonZeroU16::get), Some(80));
        assert_eq!(tcp_port("80").map(NonZeroU16::get), Some(80));
        assert_eq!(tcp_port("53/udp"), None);
        assert_eq!(tcp_port("0/tcp"), None);
        assert_eq!(tcp_port("8000-8010/tcp"), None);
    }
}
