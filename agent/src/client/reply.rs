//! What the agent says, as far as it is shown here. Whatever may be absent is an `Option`: another version of the agent
//! may be asked, and what is not measured is not told.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{Answer, ClientError};

/// `GET /containers/status`: one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Snapshot {
    /// Its number; begins anew with each start of the agent.
    pub seq: u64,
    /// Tells one start of the agent from another.
    #[serde(default)]
    pub run: String,
    /// The agent's clock at the tick.
    pub sampled_at_ms: Option<i64>,
    /// Time between two snapshots.
    pub interval_ms: Option<u64>,
    /// The node.
    #[serde(default)]
    pub node: Node,
    /// Its running containers.
    #[serde(default)]
    pub containers: Vec<Container>,
}

/// `GET /status`: the node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: Option<String>,
    /// Percent of each CPU.
    #[serde(default)]
    pub cpus: BTreeMap<String, f64>,
    /// All memory, in KiB.
    pub memory: Option<u64>,
    /// KiB that could be had.
    pub free_memory: Option<u64>,
    /// Interfaces.
    #[serde(default)]
    pub network: BTreeMap<String, Rates>,
    /// Running containers.
    pub nb_containers: Option<u64>,
    /// Where figures come from.
    pub source: Option<String>,
    /// Why that is not the kernel.
    pub source_reason: Option<String>,
    /// `connected`, `away` or `never_reached`.
    pub docker: Option<String>,
    /// The agent itself.
    #[serde(default)]
    pub agent: AgentItself,
}

impl Node {
    /// KiB that could not be had.
    pub fn used_memory(&self) -> Option<u64> {
        self.memory?.checked_sub(self.free_memory?)
    }
}

/// What the agent tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct AgentItself {
    /// Ticks that were left out since its start.
    pub ticks_missed: Option<u64>,
}

/// Bytes a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Rates {
    /// Received.
    pub rx: Option<f64>,
    /// Sent.
    pub tx: Option<f64>,
}

/// A running container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its service.
    pub service: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// The agent created it.
    pub managed: Option<bool>,
    /// `own`, `host` or `shared`.
    pub network_mode: Option<String>,
    /// When it began to run, by the agent's clock.
    pub started_at_ms: Option<i64>,
    /// Percent of one CPU.
    pub cpu: Option<f64>,
    /// Bytes in use.
    pub memory: Option<u64>,
    /// Bytes left before its limit, or what the node has.
    pub free_memory: Option<u64>,
    /// Its network.
    pub net: Option<Rates>,
    /// Where its figures come from.
    pub source: Option<String>,
    /// Why it has none.
    pub error: Option<String>,
}

impl Container {
    /// Bytes received a second.
    pub fn rx(&self) -> Option<f64> {
        self.net?.rx
    }

    /// Bytes sent a second.
    pub fn tx(&self) -> Option<f64> {
        self.net?.tx
    }

    /// How long it had run at an instant of the agent's clock.
    pub fn uptime(&self, at_ms: Option<i64>) -> Option<Duration> {
        let ms = at_ms?.saturating_sub(self.started_at_ms?);
        u64::try_from(ms).ok().map(Duration::from_millis)
    }
}

/// `GET /container/{id}/history`: a point a step, `None` where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct History {
    /// Time between two points, each of which is the mean of that time.
    pub step_ms: u64,
    /// Where the first point begins, by the agent's clock.
    pub from_ms: Option<i64>,
    /// Percent of one CPU.
    #[serde(default)]
    pub cpu: Vec<Option<f64>>,
    /// Bytes in use.
    #[serde(default)]
    pub memory: Vec<Option<f64>>,
    /// Bytes received a second.
    #[serde(default)]
    pub rx: Vec<Option<f64>>,
    /// Bytes sent a second.
    #[serde(default)]
    pub tx: Vec<Option<f64>>,
}

/// An entry of `GET /containers`, which is Docker's own list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    /// Its full id.
    pub id: String,
    /// Each with a slash before it.
    #[serde(default)]
    pub names: Option<Vec<String>>,
    /// As it was asked for.
    pub image: Option<String>,
    /// Docker's own words for how long it has run.
    pub status: Option<String>,
    /// What its operator wrote on it.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// What is published.
    #[serde(default)]
    pub ports: Option<Vec<Port>>,
}

/// A port of a container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Port {
    /// Address of the node.
    #[serde(rename = "IP")]
    pub ip: Option<String>,
    /// Port in the container.
    pub private_port: Option<u16>,
    /// Port of the node.
    pub public_port: Option<u16>,
    /// `tcp`, `udp` or `sctp`.
    #[serde(rename = "Type")]
    pub protocol: Option<String>,
}

/// The reply to a creation, which is Docker's own inspect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Created {
    /// Its full id.
    pub id: String,
}

impl Answer {
    /// The body as one of these.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| ClientError::Nonsense(error.to_string()))
    }

    /// How old a snapshot of that instant was when it was sent, by the agent's own clock; its `Date` has whole seconds.
    pub fn age_of(&self, sampled_at_ms: Option<i64>) -> Option<Duration> {
        let date = self.headers.get(hyper::header::DATE)?.to_str().ok()?;
        let sent = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond();
        let age_ms = u64::try_from(sent.saturating_sub(sampled_at_ms?)).unwrap_or(0);
        Some(Duration::from_millis(age_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        let date = "Tue, 22 Sep 2026 13:33:20 GMT".parse().unwrap();
        Answer {
            headers: [(hyper::header::DATE, date)].into_iter().collect(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn a_snapshot_is_read_and_what_it_does_not_tell_is_not_known() {
        let answer = answer(
            r#"{"seq":7,"run":"a","sampled_at_ms":1790083997500,"interval_ms":1000,"later":{"x":1},
            "node":{"name":"host-1","cpus":{"cpu0":44.0},"memory":27440000,"network":{"eth0":{"rx":1.5,"tx":2}},
              "agent":{"ticks_missed":3}},
            "containers":[{"id":"ab","name":"web","cpu":44.0,"memory":1,"net":{"rx":1},"started_at_ms":1790083990000},
              {"id":"cd","name":"new","error":"data not ready"}]}"#,
        );
        let snapshot: Snapshot = answer.read().unwrap();
        assert_eq!((snapshot.seq, snapshot.node.agent.ticks_missed), (7, Some(3)));
        let [web, new] = snapshot.containers.as_slice() else {
            panic!("{snapshot:?}")
        };
        assert_eq!(
            (web.cpu, web.rx(), web.tx(), web.free_memory),
            (Some(44.0), Some(1.0), None, None)
        );
        assert_eq!(web.uptime(snapshot.sampled_at_ms), Some(Duration::from_millis(7500)));
        assert_eq!(
            (new.cpu, new.rx(), new.uptime(snapshot.sampled_at_ms)),
            (None, None, None)
        );
        assert_eq!(answer.age_of(snapshot.sampled_at_ms), Some(Duration::from_millis(2500)));
        assert_eq!(answer.age_of(Some(1_790_084_000_700)), Some(Duration::ZERO));
        assert_eq!(answer.age_of(None), None);
    }

    #[test]
    fn gaps_of_a_history_stay_gaps() {
        let answer = answer(r#"{"step_ms":1000,"cpu":[1.0,null,2],"memory":[null,5,6]}"#);
        let history: History = answer.read().unwrap();
        assert_eq!(history.cpu, [Some(1.0), None, Some(2.0)]);
        assert_eq!(history.rx, []);
    }

    #[test]
    fn what_is_no_reply_of_an_agent_is_nonsense() {
        let error = answer("<html>").read::<Snapshot>().unwrap_err();
        assert_eq!(error.exit_code(), 1);
    }
}
