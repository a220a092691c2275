//! cAdvisor, as its package starts it, before our engine.

use std::process::Child;
use std::time::Duration;

use agent_tests::agent::free_port;
use agent_tests::cgroup::OwnCgroup;
use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result};

use super::{Unpacked, started};
use crate::callers::Caller;

const SCRAPE_PERIOD: Duration = Duration::from_secs(1);

/// A running cAdvisor in a cgroup that accounts it.
pub(crate) struct Cadvisor {
    child: Child,
    pub(crate) cgroup: OwnCgroup,
    url: String,
}

impl Cadvisor {
    /// Starts it and waits until it tells of `containers`.
    pub(crate) fn start(unpacked: &Unpacked, docker: &PrivateDocker, containers: usize) -> Result<Self> {
        let program = unpacked.program("cadvisor").context("it is not installed")?;
        let port = free_port();
        let cgroup = OwnCgroup::create("balancer-bench-cadvisor");
        let child = started::start(unpacked, &program, &cgroup, |command| {
            command
                .args(["-port", &port.to_string(), "-listen_ip", "127.0.0.1"])
                .args(["-docker", &docker.url(), "-docker_root"])
                .arg(docker.dir().join("data"));
        })?;
        let cadvisor = Self {
            child,
            cgroup,
            url: format!("http://127.0.0.1:{port}/metrics"),
        };
        started::wait_until_it_tells(containers, || {
            let told = scrape(&cadvisor.url)?.matches("\ncontainer_last_seen{").count();
            Ok((told, ()))
        })?;
        Ok(cadvisor)
    }

    /// Takes all its metrics once a second until the guard is dropped.
    pub(crate) fn scraped(&self) -> Caller {
        let url = self.url.clone();
        Caller::every(SCRAPE_PERIOD, move || scrape(&url).map(drop))
    }
}

impl Drop for Cadvisor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scrape(url: &str) -> Result<String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .build();
    let mut reply = ureq::Agent::new_with_config(config).get(url).call()?;
    Ok(reply.body_mut().with_config().limit(64 << 20).read_to_string()?)
}
