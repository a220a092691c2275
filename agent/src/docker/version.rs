//! `GET /version`: which engine it is.

use serde::Deserialize;

use super::{connect::Engine, error::DockerError};

/// What the engine says of itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct EngineVersion {
    /// As `20.10.24`.
    pub version: String,
    /// The newest API that it speaks, as `1.41`.
    pub api_version: String,
}

impl Engine {
    /// Asks the engine for its version.
    pub async fn version(&self) -> Result<EngineVersion, DockerError> {
        const CALL: &str = "version";
        let body = self.get_raw(CALL, "/version").await?;
        serde_json::from_slice(&body).map_err(|error| DockerError::Nonsense {
            call: CALL,
            reason: error.to_string(),
        })
    }
}
