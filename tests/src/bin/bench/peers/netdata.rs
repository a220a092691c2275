//! netdata with the plugins of its package, in a directory of its own.

use std::fs;
use std::process::Child;
use std::time::Duration;

use agent_tests::agent::free_port;
use agent_tests::cgroup::OwnCgroup;
use agent_tests::process::{self, Signal};
use anyhow::{Context as _, Result};
use serde_json::Value;
use tempfile::TempDir;

use super::{Unpacked, started};

/// What the names of cgroups that account the agent and its peers begin with.
const OUR_CGROUPS: &str = "balancer-bench-";

/// A running netdata in a cgroup that accounts it and its plugins.
pub(crate) struct Netdata {
    child: Child,
    pub(crate) cgroup: OwnCgroup,
    address: String,
    /// The chart of one container's CPU time.
    chart: String,
    _dir: TempDir,
}

impl Netdata {
    /// Starts it and waits until it has charts of `containers`.
    pub(crate) fn start(unpacked: &Unpacked, containers: usize) -> Result<Self> {
        let program = unpacked.program("netdata").context("it is not installed")?;
        let dir = tempfile::Builder::new()
            .prefix("balancer-bench-")
            .tempdir()
            .context("making a directory")?;
        let config = configure(unpacked, &dir)?;
        let port = free_port().to_string();
        let cgroup = OwnCgroup::create("balancer-bench-netdata");
        let child = started::start(unpacked, &program, &cgroup, |command| {
            command
                .args(["-D", "-i", "127.0.0.1", "-p", &port, "-c"])
                .arg(config)
                .arg("-P")
                .arg(dir.path().join("pid"));
        })?;
        let mut netdata = Self {
            child,
            cgroup,
            address: format!("127.0.0.1:{port}"),
            chart: String::new(),
            _dir: dir,
        };
        let charts = started::wait_until_it_tells(containers, || {
            let charts = netdata.container_charts()?;
            Ok((charts.len(), charts))
        })?;
        netdata.chart = charts.into_iter().next().context("no containers were asked for")?;
        Ok(netdata)
    }

    /// Stops it and its plugins until the guard is dropped.
    pub(crate) fn paused(&self) -> Paused {
        let pids = self.cgroup.pids();
        for pid in &pids {
            process::signal(*pid, Signal::STOP);
        }
        Paused(pids)
    }

    /// The latest figures of one container, as its dashboard asks for them.
    pub(crate) fn latest_url(&self) -> String {
        format!(
            "http://{}/api/v1/data?chart={}&after=-1&points=1&format=json",
            self.address, self.chart
        )
    }

    fn container_charts(&self) -> Result<Vec<String>> {
        let url = format!("http://{}/api/v1/charts", self.address);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(20)))
            .build();
        let mut reply = ureq::Agent::new_with_config(config).get(&url).call()?;
        let text = reply.body_mut().with_config().limit(256 << 20).read_to_string()?;
        let charts: Value = serde_json::from_str(&text)?;
        let charts = charts["charts"]
            .as_object()
            .context("its list of charts has another form")?;
        let of_container = |name: &&String| {
            let parts = name.strip_prefix("cgroup_").and_then(|name| name.rsplit_once('.'));
            // those that account the agent and its peers come and go
            parts.is_some_and(|(cgroup, part)| part == "cpu" && !cgroup.starts_with(OUR_CGROUPS))
        };
        Ok(charts.keys().filter(of_container).cloned().collect())
    }
}

impl Drop for Netdata {
    fn drop(&mut self) {
        // its plugins are in the cgroup, which ends them
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// While it lives, netdata does nothing.
pub(crate) struct Paused(Vec<u32>);

impl Drop for Paused {
    fn drop(&mut self) {
        for pid in &self.0 {
            process::signal(*pid, Signal::CONT);
        }
    }
}

/// All that it writes goes to `dir`; what it reads is where the package was unpacked.
fn configure(unpacked: &Unpacked, dir: &TempDir) -> Result<std::path::PathBuf> {
    let root = unpacked
        .root()
        .map_or_else(String::new, |root| root.display().to_string());
    let own = dir.path().display();
    let mut directories = vec![
        format!("config = {own}"),
        format!("stock config = {root}/usr/lib/netdata/conf.d"),
        format!("stock health config = {root}/usr/lib/netdata/conf.d/health.d"),
        format!("web = {root}/usr/share/netdata/web"),
        format!("plugins = {root}/usr/lib/netdata/plugins.d"),
    ];
    for name in ["log", "cache", "lib", "home", "lock", "registry"] {
        fs::create_dir(dir.path().join(name)).context("making a directory")?;
        directories.push(format!("{name} = {own}/{name}"));
    }
    let text = format!(
        "[global]\nrun as user = root\n[directories]\n{}\n",
        directories.join("\n")
    );
    fs::write(dir.path().join(".opt-out-from-anonymous-statistics"), "").context("writing its opt-out")?;
    let path = dir.path().join("netdata.conf");
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}
