//! What readers do not get to see of a container: its environment, where people keep passwords.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::docker::DockerError;

/// Docker's description without `Config.Env`. Everything else stays, fields that the agent has never heard of included.
pub(super) fn without_environment(inspection: &Bytes) -> Result<Bytes, Problem> {
    let nonsense = |reason: String| DockerError::Nonsense {
        call: "inspect container",
        reason,
    };
    let mut document: Map<String, Value> =
        serde_json::from_slice(inspection).map_err(|error| nonsense(error.to_string()))?;
    if let Some(Value::Object(config)) = document.get_mut("Config") {
        config.remove("Env");
    }
    let text = serde_json::to_vec(&document).map_err(|error| nonsense(error.to_string()))?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_goes_and_all_else_stays() {
        let inspection =
            r#"{"Id":"ab","Config":{"Image":"x","Env":["PASSWORD=secret"],"New":{"Env":1}},"Size":9007199254740993}"#;
        let shown = without_environment(&Bytes::from_static(inspection.as_bytes())).unwrap();
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        let expected = r#"{"Id":"ab","Config":{"Image":"x","New":{"Env":1}},"Size":9007199254740993}"#;
        assert_eq!(shown, serde_json::from_str::<Value>(expected).unwrap());
        for odd in ["{}", r#"{"Config":null}"#, r#"{"Config":[]}"#] {
            let shown = without_environment(&Bytes::from_static(odd.as_bytes())).unwrap();
            assert_eq!(shown, odd.as_bytes());
        }
        assert!(without_environment(&Bytes::from_static(b"[]")).is_err());
    }
}
