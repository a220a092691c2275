//! A real Prometheus that scrapes an agent, and its tool that judges what is scraped.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::agent::free_port;
use crate::wait::wait_until;

const START_DEADLINE: Duration = Duration::from_secs(30);

/// A Prometheus that scrapes one agent each second; ended on drop.
#[derive(Debug)]
pub struct Prometheus {
    address: String,
    child: Child,
    _dir: TempDir,
    client: ureq::Agent,
}

impl Prometheus {
    /// Starts it on a free port of 127.0.0.1, with these files of rules.
    #[track_caller]
    pub fn start(agent: &str, rules: &[&Path]) -> Self {
        let dir = tempfile::tempdir().expect("the directory for temporary files is writable");
        let address = format!("127.0.0.1:{}", free_port());
        let rules: Vec<String> = rules.iter().map(|path| path.display().to_string()).collect();
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: {rules:?}\nscrape_configs:\n  \
             - job_name: balancer-agent\n    static_configs: [{{targets: ['{agent}']}}]\n"
        );
        let path = dir.path().join("prometheus.yml");
        fs::write(&path, config).expect("the directory is ours");
        let log = fs::File::create(dir.path().join("log")).expect("the directory is ours");
        let child = Command::new("setpriv")
            // a test that is killed has no time to end it
            .args(["--pdeathsig", "KILL"])
            .arg(program("prometheus"))
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Prometheus can be started");
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10)));
        let prometheus = Self {
            address,
            child,
            _dir: dir,
            client: config.build().into(),
        };
        wait_until("Prometheus", START_DEADLINE, || prometheus.get("/-/ready"));
        prometheus
    }

    /// The series that a query gives, each with its labels and its figure.
    #[track_caller]
    pub fn query(&self, query: &str) -> Vec<(Value, f64)> {
        let form = form_encoded(query);
        let text = self
            .get(&format!("/api/v1/query?query={form}"))
            .expect("Prometheus answers");
        let reply: Value = serde_json::from_str(&text).expect("JSON");
        let result = reply["data"]["result"]
            .as_array()
            .unwrap_or_else(|| panic!("{query}: {reply}"));
        let figure = |series: &Value| series["value"][1].as_str().and_then(|text| text.parse().ok());
        result
            .iter()
            .map(|series| (series["metric"].clone(), figure(series).expect("a figure")))
            .collect()
    }

    fn get(&self, path: &str) -> Result<String, String> {
        let url = format!("http://{}{path}", self.address);
        let mut reply = self.client.get(&url).call().map_err(|error| error.to_string())?;
        reply.body_mut().read_to_string().map_err(|error| error.to_string())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// What `promtool` says to this text: whether it takes it, and its words.
#[track_caller]
pub fn promtool(words: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new(program("promtool"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started");
    let mut stdin = child.stdin.take().expect("it was asked for");
    let writing = {
        let input = input.to_owned();
        std::thread::spawn(move || stdin.write_all(input.as_bytes()))
    };
    let output = child.wait_with_output().expect("promtool ends");
    let _written = writing.join();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.success(), said.concat())
}

/// Every byte as its code: what a query has of signs means something in a URL.
fn form_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _written = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// Where `cargo xtask test` has unpacked it; else what is installed.
fn program(name: &str) -> PathBuf {
    let unpacked = std::env::var_os("BALANCER_TOOLS_ROOT").map(|root| Path::new(&root).join("usr/bin").join(name));
    unpacked.filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}
