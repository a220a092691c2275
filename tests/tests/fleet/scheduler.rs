//! Moving containers as a scheduler does: created there, seen to work, deleted here.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_tests::sample::Sample;
use agent_tests::wait::wait_until;
use serde_json::Value;

use crate::swarm::{SENDER, SENT_BYTES_A_SECOND, Swarm};

const FIGURES: Duration = Duration::from_secs(30);
/// How far from its pace a sender may be told to be.
const PACE_PERCENT: f64 = 10.0;

pub(crate) struct Scheduler<'a> {
    swarm: &'a Swarm,
}

/// A service of one container, and where that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) service: String,
    pub(crate) node: usize,
    pub(crate) id: String,
}

impl<'a> Scheduler<'a> {
    pub(crate) fn new(swarm: &'a Swarm) -> Self {
        Self { swarm }
    }

    #[track_caller]
    pub(crate) fn create(&self, node: usize, number: usize) -> Vec<Placed> {
        (1..=number)
            .map(|number| self.place(&format!("svc{number}"), node))
            .collect()
    }

    #[track_caller]
    fn place(&self, service: &str, node: usize) -> Placed {
        let form = format!("image={SENDER}&service={service}");
        let reply = self.swarm.nodes[node].client.send("POST", "/containers", &form);
        let reply = reply.unwrap_or_else(|error| panic!("{error}"));
        let body = reply.must_be(201).json();
        let id = body.get("Id").and_then(Value::as_str).expect("a container has an id");
        Placed {
            service: service.to_owned(),
            node,
            id: id.to_owned(),
        }
    }

    /// The first so many go to the other nodes, one after the other.
    #[track_caller]
    pub(crate) fn move_some(&self, placed: &[Placed], number: usize) -> Vec<Placed> {
        let others = self.swarm.nodes.len() - 1;
        let (leaving, staying) = placed.split_at(number);
        let moved = leaving.iter().zip(0..).map(|(old, turn)| {
            let new = self.place(&old.service, 1 + turn % others);
            self.wait_until_it_sends(&new);
            self.delete(old);
            new
        });
        moved.chain(staying.iter().cloned()).collect()
    }

    /// What was on a node whose engine ended, and its containers with it, is made there again.
    #[track_caller]
    pub(crate) fn make_again(&self, placed: &[Placed], node: usize) -> Vec<Placed> {
        let each = placed.iter().map(|old| {
            if old.node != node {
                return old.clone();
            }
            self.delete(old);
            self.place(&old.service, node)
        });
        each.collect()
    }

    #[track_caller]
    fn delete(&self, placed: &Placed) {
        let path = format!("/container/{}?timeout=0", placed.id);
        let reply = self.swarm.nodes[placed.node].client.send("DELETE", &path, "");
        reply.unwrap_or_else(|error| panic!("{error}")).must_be(204);
    }

    #[track_caller]
    pub(crate) fn wait_until_all_send(&self, placed: &[Placed]) {
        for placed in placed {
            self.wait_until_it_sends(placed);
        }
    }

    #[track_caller]
    fn wait_until_it_sends(&self, placed: &Placed) {
        let client = &self.swarm.nodes[placed.node].client;
        let near = SENT_BYTES_A_SECOND * PACE_PERCENT / 100.0;
        wait_until(
            &format!("the agent to tell what {} sends", placed.service),
            FIGURES,
            || {
                let reply = client.get(&format!("/container/{}/status", placed.id))?;
                let sample: Sample = serde_json::from_str(&reply.body).map_err(|_| reply.body.clone())?;
                let why = || client.get("/status").map(|reply| reply.body);
                assert_eq!(sample.source, "ebpf", "{}: {:?}", reply.body, why());
                if (sample.net.tx - SENT_BYTES_A_SECOND).abs() <= near {
                    Ok(())
                } else {
                    Err(reply.body)
                }
            },
        );
    }

    /// By the lists of all nodes.
    #[track_caller]
    pub(crate) fn assert_each_is_there_once(&self, placed: &[Placed]) {
        let mut there = BTreeMap::new();
        for (node, number) in self.swarm.nodes.iter().zip(0..) {
            let reply = node.client.get("/containers").unwrap_or_else(|error| panic!("{error}"));
            let body = reply.must_be(200).json();
            for container in body.as_array().expect("a list") {
                let text = |name: &str| {
                    container
                        .get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                if text("Image") == SENDER {
                    let twice = there.insert(text("Id"), number);
                    assert!(twice.is_none(), "{} is told by two nodes", text("Id"));
                }
            }
        }
        let wanted: BTreeMap<_, _> = placed.iter().map(|placed| (placed.id.clone(), placed.node)).collect();
        assert_eq!(there, wanted);
    }
}
