//! The agent's REST interface, as a caller of it sees it.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, de::DeserializeOwned};

/// Creating a container is the longest of its answers.
const DEADLINE: Duration = Duration::from_mins(1);

/// Reads and creates through one agent.
pub(super) struct Api {
    base: String,
    http: ureq::Agent,
}

/// `GET /status`, as far as the table shows it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Node {
    /// Percent of each CPU.
    #[serde(default)]
    pub(super) cpus: BTreeMap<String, f64>,
    /// KiB.
    pub(super) memory: Option<u64>,
    /// KiB.
    pub(super) free_memory: Option<u64>,
    pub(super) nb_containers: Option<u64>,
    pub(super) source: Option<String>,
}

/// `GET /container/{id}/status`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Figures {
    /// Percent of one CPU.
    pub(super) cpu: Option<f64>,
    /// Bytes.
    pub(super) memory: Option<u64>,
    /// Bytes.
    pub(super) free_memory: Option<u64>,
    pub(super) net: Option<Net>,
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) counters: Counters,
}

/// Bytes a second.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Net {
    pub(super) rx: f64,
    pub(super) tx: f64,
}

/// Bytes so far; only differences mean something.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Counters {
    /// A float, because it is only shown.
    pub(super) tx_bytes: Option<f64>,
}

/// Docker's inspect, as far as the demo needs it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspection {
    pub(super) id: String,
    pub(super) name: String,
    network_settings: NetworkSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    networks: BTreeMap<String, Network>,
}

#[derive(Clone, Debug, Deserialize)]
struct Network {
    #[serde(rename = "IPAddress")]
    address: String,
}

impl Inspection {
    /// Its address on the engine's bridge.
    pub(super) fn address(&self) -> Option<&str> {
        let networks = self.network_settings.networks.values();
        let mut addresses = networks.map(|network| network.address.as_str());
        addresses.find(|address| !address.is_empty())
    }
}

impl Api {
    pub(super) fn at(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE));
        Self {
            base: format!("http://{address}"),
            http: config.build().into(),
        }
    }

    /// `None` in its first interval.
    pub(super) fn node(&self) -> Result<Option<Node>> {
        self.get("/status", 503)
    }

    /// `None` while there is no full interval of this container.
    pub(super) fn container(&self, id: &str) -> Result<Option<Figures>> {
        self.get(&format!("/container/{id}/status"), 404)
    }

    /// Creates and starts a container.
    pub(super) fn create(&self, image: &str, service: &str) -> Result<Inspection> {
        let url = format!("{}/containers", self.base);
        let sent = self.http.post(&url).send_form([("image", image), ("service", service)]);
        let (status, body) = read(sent).with_context(|| format!("POST {url}"))?;
        match status {
            201 => parse(&body).with_context(|| format!("the answer to POST {url}")),
            _ => bail!("POST {url} (image {image}, service {service}) was answered {status}: {body}"),
        }
    }

    /// `None` on the one status that says: not yet.
    fn get<T: DeserializeOwned>(&self, path: &str, not_yet: u16) -> Result<Option<T>> {
        let url = format!("{}{path}", self.base);
        let (status, body) = read(self.http.get(&url).call()).with_context(|| format!("GET {url}"))?;
        match status {
            200 => parse(&body)
                .map(Some)
                .with_context(|| format!("the answer to GET {url}")),
            status if status == not_yet => Ok(None),
            _ => bail!("GET {url} was answered {status}: {body}"),
        }
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, String)> {
    let mut answer = answer?;
    let status = answer.status().as_u16();
    Ok((status, answer.body_mut().read_to_string()?))
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T> {
    serde_json::from_str(body).with_context(|| format!("is not what was expected: {body}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_that_on_the_bridge() {
        let inspection = |networks: &str| {
            let text = format!(r#"{{"Id": "a", "Name": "/demo-1-2", "NetworkSettings": {{"Networks": {networks}}}}}"#);
            parse::<Inspection>(&text).unwrap()
        };
        let bridged = inspection(r#"{"bridge": {"IPAddress": "172.17.0.2", "Gateway": "172.17.0.1"}}"#);
        assert_eq!(bridged.address(), Some("172.17.0.2"));
        assert_eq!(inspection(r#"{"host": {"IPAddress": ""}}"#).address(), None);
    }

    #[test]
    fn what_is_not_measured_is_absent_and_no_error() {
        let figures: Figures = parse(r#"{"cpu": 1.5, "source": "docker", "counters": {"cpu_ns": 3}}"#).unwrap();
        assert_eq!((figures.cpu, figures.memory), (Some(1.5), None));
        assert!(figures.net.is_none() && figures.counters.tx_bytes.is_none());
        let node: Node = parse(r#"{"source": "ebpf", "agent": {}}"#).unwrap();
        assert!(node.cpus.is_empty() && node.nb_containers.is_none());
    }
}
