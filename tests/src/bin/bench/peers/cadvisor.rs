//! cAdvisor, as its package starts it, before our engine.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use agent_tests::agent::free_port;
use agent_tests::cgroup::OwnCgroup;
use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result};

use super::{Unpacked, started};

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
    pub(crate) fn scraped(&self) -> Scraped {
        let stop = Arc::new(AtomicBool::new(false));
        let (seen, url) = (Arc::clone(&stop), self.url.clone());
        let scraper = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                let start = Instant::now();
                if let Err(error) = scrape(&url) {
                    eprintln!("bench: cAdvisor was not scraped: {error:#}");
                }
                thread::sleep(SCRAPE_PERIOD.saturating_sub(start.elapsed()));
            }
        });
        Scraped {
            stop,
            scraper: Some(scraper),
        }
    }
}

impl Drop for Cadvisor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// While it lives, somebody scrapes.
pub(crate) struct Scraped {
    stop: Arc<AtomicBool>,
    scraper: Option<JoinHandle<()>>,
}

impl Drop for Scraped {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.scraper.take().map(JoinHandle::join);
    }
}

fn scrape(url: &str) -> Result<String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .build();
    let mut reply = ureq::Agent::new_with_config(config).get(url).call()?;
    Ok(reply.body_mut().with_config().limit(64 << 20).read_to_string()?)
}
