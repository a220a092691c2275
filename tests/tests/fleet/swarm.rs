//! Engines on one bridge, joined into a Swarm, with an image of the agent and one of what is scheduled on each.

use std::fs;
use std::time::Duration;

use agent_tests::command;
use agent_tests::docker::{PrivateDocker, image};
use agent_tests::wait::wait_until;

use crate::client::Client;
use crate::image as agent_image;

/// What is scheduled: it sends to the host of its node.
pub(crate) const SENDER: &str = "fleet-sender:1";
/// A datagram of 1,000 bytes, 100 times a second.
pub(crate) const SENT_BYTES_A_SECOND: f64 = 100_000.0;
const SINK_PORT: &str = "9099";
const STACK: &str = "balancer";
const SERVICE: &str = "balancer_agent";
const ADMIN_TOKEN: &str = "fleet-admin-0123456789abcdef0123456789abcdef";
const READ_TOKEN: &str = "fleet-reads-0123456789abcdef0123456789abcdef";
const DEPLOYED: Duration = Duration::from_mins(2);

/// Nodes that know each other.
pub(crate) struct Swarm {
    pub(crate) nodes: Vec<Node>,
}

/// An engine with its agent.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) docker: PrivateDocker,
    pub(crate) client: Client,
}

impl Swarm {
    #[track_caller]
    pub(crate) fn start(number: usize) -> Self {
        let nodes: Vec<_> = (1..=number).map(Node::start).collect();
        connect(&nodes);
        join(&nodes);
        Self { nodes }
    }

    #[track_caller]
    pub(crate) fn deploy(&self) {
        let docker = &self.nodes[0].docker;
        for (name, token) in [("read", READ_TOKEN), ("admin", ADMIN_TOKEN)] {
            let file = docker.dir().join(name);
            fs::write(&file, token).expect("the directory is ours");
            docker.cli(&[
                "secret",
                "create",
                &format!("balancer-agent-{name}"),
                &file.display().to_string(),
            ]);
        }
        let stack = agent_image::deploy_dir().join("swarm/stack.yaml");
        let (url, stack) = (docker.url(), stack.display().to_string());
        command::run(&[
            "env",
            &format!("BALANCER_AGENT_IMAGE={}", agent_image::FIRST),
            "docker",
            "--host",
            &url,
            "stack",
            "deploy",
            // the images are on the nodes and in no registry
            "--resolve-image",
            "never",
            "--compose-file",
            &stack,
            STACK,
        ]);
    }

    #[track_caller]
    pub(crate) fn wait_until_ready(&self) {
        wait_until("every node's agent", DEPLOYED, || {
            let each = self.nodes.iter().map(|node| node.client.ready());
            each.collect::<Result<Vec<_>, _>>()
                .map_err(|error| format!("{error}; its tasks:\n{}", self.tasks()))
        });
    }

    fn tasks(&self) -> String {
        let what = "{{.Node}} {{.Image}} {{.CurrentState}} {{.Error}}";
        let docker = &self.nodes[0].docker;
        docker.cli(&["service", "ps", "--no-trunc", "--format", what, SERVICE])
    }

    #[track_caller]
    pub(crate) fn update(&self, image: &str) {
        let docker = &self.nodes[0].docker;
        docker.cli(&[
            "service",
            "update",
            "--detach",
            "--no-resolve-image",
            "--image",
            image,
            SERVICE,
        ]);
    }

    /// Whether every node runs its agent from this image, and all are ready.
    pub(crate) fn all_run(&self, image: &str) -> Result<(), String> {
        for node in &self.nodes {
            let images = node.agents("{{.Image}}");
            if images != [image] {
                return Err(format!("{} runs {images:?}", node.name));
            }
            node.client.ready()?;
        }
        Ok(())
    }
}

impl Node {
    #[track_caller]
    fn start(number: usize) -> Self {
        let docker = PrivateDocker::start_node();
        let to = format!("172.17.0.1:{SINK_PORT}");
        let command = format!(r#"CMD ["udp-send","--to","{to}","--size","972","--rate","100","--count","1000000"]"#);
        image::import_workload(&docker, SENDER, &[&command]);
        docker.cli(&[
            "run",
            "--detach",
            "--network",
            "host",
            "--restart",
            "always",
            "--name",
            "sink",
            image::WORKLOAD,
            "udp-sink",
            "--port",
            SINK_PORT,
        ]);
        let node = Self {
            name: format!("node {number}"),
            client: Client {
                address: format!("{}:5000", ip(number)),
                token: ADMIN_TOKEN.to_owned(),
            },
            docker,
        };
        for (name, version) in [(agent_image::FIRST, "VERSION=1"), (agent_image::SECOND, "VERSION=2")] {
            agent_image::build(&node.docker, name, version);
        }
        node
    }

    /// The agent's container, if one runs.
    pub(crate) fn running_agent(&self) -> Option<String> {
        self.agents("{{.ID}}").into_iter().next()
    }

    fn agents(&self, what: &str) -> Vec<String> {
        let filter = format!("label=com.docker.swarm.service.name={SERVICE}");
        let listed = self.docker.cli(&["ps", "--filter", &filter, "--format", what]);
        listed.lines().map(str::to_owned).collect()
    }
}

/// The first node has a bridge, to which a cable goes from each of the others. All of it goes with the namespaces.
#[track_caller]
fn connect(nodes: &[Node]) {
    let first = nodes[0].docker.netns();
    first.run(&["ip", "link", "add", "fleet", "type", "bridge"]);
    first.run(&["ip", "address", "add", &format!("{}/24", ip(1)), "dev", "fleet"]);
    first.run(&["ip", "link", "set", "fleet", "up"]);
    for (node, number) in nodes.iter().zip(1..).skip(1) {
        let (cable, netns) = (format!("fleet{number}"), node.docker.netns());
        first.run(&[
            "ip",
            "link",
            "add",
            &cable,
            "type",
            "veth",
            "peer",
            "name",
            "uplink",
            "netns",
            netns.name(),
        ]);
        first.run(&["ip", "link", "set", &cable, "master", "fleet", "up"]);
        netns.run(&["ip", "address", "add", &format!("{}/24", ip(number)), "dev", "uplink"]);
        netns.run(&["ip", "link", "set", "uplink", "up"]);
    }
}

#[track_caller]
fn join(nodes: &[Node]) {
    let manager = ip(1);
    nodes[0].docker.cli(&[
        "swarm",
        "init",
        "--advertise-addr",
        &manager,
        "--listen-addr",
        &format!("{manager}:2377"),
    ]);
    let token = nodes[0].docker.cli(&["swarm", "join-token", "--quiet", "worker"]);
    for (node, number) in nodes.iter().zip(1..).skip(1) {
        let own = ip(number);
        node.docker.cli(&[
            "swarm",
            "join",
            "--token",
            token.trim(),
            "--advertise-addr",
            &own,
            "--listen-addr",
            &format!("{own}:2377"),
            &format!("{manager}:2377"),
        ]);
    }
}

/// Addresses for tests of networks (RFC 2544).
fn ip(number: usize) -> String {
    format!("198.18.0.{number}")
}
