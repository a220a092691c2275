//! What Consul is told of the agent, and by which of its paths (Consul's HTTP API, agent/service and agent/check). Pure.

use std::net::IpAddr;

use serde_json::json;

/// Under which name agents are looked for.
const SERVICE: &str = "agent";
/// How long Consul believes that an agent lives which says nothing.
const TTL: &str = "30s";
/// After which time it forgets one.
const FORGET_AFTER: &str = "10m";

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registration {
    id: String,
    address: Option<IpAddr>,
    port: u16,
}

impl Registration {
    pub(super) const REGISTER_PATH: &str = "/v1/agent/service/register";

    /// `node` tells it from the agents of other nodes, which may register at the same Consul.
    pub(super) fn new(node: &str, address: Option<IpAddr>, port: u16) -> Self {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '-'
            }
        };
        let node: String = node.chars().map(plain).collect();
        Self {
            id: format!("{SERVICE}-{node}-{port}"),
            address,
            port,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn body(&self) -> String {
        let mut body = json!({
            "ID": self.id,
            "Name": SERVICE,
            "Port": self.port,
            "Tags": ["balancer"],
            "Meta": {"version": env!("CARGO_PKG_VERSION")},
            "Check": {
                "CheckID": self.check_id(),
                "Name": "the agent has figures",
                "TTL": TTL,
                "DeregisterCriticalServiceAfter": FORGET_AFTER,
            },
        });
        if let (Some(address), Some(fields)) = (self.address, body.as_object_mut()) {
            fields.insert("Address".to_owned(), address.to_string().into());
        }
        body.to_string()
    }

    pub(super) fn pass_path(&self) -> String {
        format!("/v1/agent/check/pass/{}", self.check_id())
    }

    pub(super) fn deregister_path(&self) -> String {
        format!("/v1/agent/service/deregister/{}", self.id)
    }

    fn check_id(&self) -> String {
        format!("service:{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_told_by_its_node_and_an_address_only_where_it_has_one() {
        let registration = Registration::new("node 7/x", None, 5000);
        assert_eq!(registration.id(), "agent-node-7-x-5000");
        assert_eq!(
            registration.pass_path(),
            "/v1/agent/check/pass/service:agent-node-7-x-5000"
        );
        assert_eq!(
            registration.deregister_path(),
            "/v1/agent/service/deregister/agent-node-7-x-5000"
        );
        let body: serde_json::Value = serde_json::from_str(&registration.body()).unwrap();
        assert_eq!(body["Name"], "agent");
        assert_eq!(body["Port"], 5000);
        assert_eq!(body["Check"]["TTL"], "30s");
        assert!(body.get("Address").is_none());
        let elsewhere = Registration::new("n", Some("10.0.0.7".parse().unwrap()), 5000);
        let body: serde_json::Value = serde_json::from_str(&elsewhere.body()).unwrap();
        assert_eq!(body["Address"], "10.0.0.7");
    }
}
