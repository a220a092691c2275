//! What it costs to be watched: scraped each second, with a page open, and asked for all containers at once.

use std::time::{Duration, Instant};

use agent_tests::figures::cpu_sums;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use ureq::{Body, http::Response};

use crate::callers::Caller;
use crate::meter::windows;
use crate::ours::Ours;
use crate::peers::Name;
use crate::peers::cadvisor::Cadvisor;
use crate::report::{Row, Table, Target};
use crate::run::{ROUNDS, Run};

/// How often Prometheus is told to scrape here.
const SCRAPE_PERIOD: Duration = Duration::from_secs(1);
/// How often the page fetches what its plots show.
const PAST_PERIOD: Duration = Duration::from_secs(5);
/// How often the caller of all containers asks.
const ALL_PERIOD: Duration = Duration::from_millis(10);
const ALL: &str = "/containers/status";
/// What a browser takes.
const BROWSER: &str = "gzip, deflate, br, zstd";

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    let containers = run.fleet.len();
    let ours = Ours::start(run.docker, containers);
    run.say("scraped each second, one page open");
    let mut row = Row::new(format!("CPU, {containers} containers"), "%", &[]);
    {
        let _scraped = scraped(&ours);
        let (_page, _past) = (page(&ours), past(&ours));
        run.stop.sleep(SCRAPE_PERIOD * 3)?;
        let docker = run.docker;
        let peer = run.peer(Name::Cadvisor, |peers| Cadvisor::start(peers, docker, containers));
        let [alone] = windows([&ours.cgroup], ROUNDS, run.window(), &run.stop)?;
        row = Row::new(row.what, "%", &alone.cpu_percent);
        if containers == crate::FEW {
            row = row.target(Target::AtMost(0.5));
        }
        if let Some(cadvisor) = peer {
            let _scraped = cadvisor.scraped();
            let [ours, theirs] = windows([&ours.cgroup, &cadvisor.cgroup], ROUNDS, run.peer_window(), &run.stop)?;
            row = row.peer("cAdvisor scraped at 1 Hz", &theirs.cpu_percent, &ours.cpu_percent);
        }
    }
    run.say("asked for all containers 100 times a second");
    let (mut p50, mut p99, mut kib) = (Vec::new(), Vec::new(), 0.0);
    for _ in 0..ROUNDS {
        run.stop.check()?;
        let asked = all_at_a_pace(&ours, run.load_time() * 2)?;
        p50.push(asked.p50_ms);
        p99.push(asked.p99_ms);
        kib = asked.kib;
    }
    let name = format!("GET {ALL}, {containers} containers, 100 a second");
    run.add(Table {
        id: "watched",
        title: "Being watched",
        how: "CPU of the agent that is scraped once a second and asked as its page asks: for all containers at each tick, and for the node's past every 5 s; \
              cAdvisor scraped likewise, at the same moments. The call for all containers from one thread at a steady pace, its text not compressed; a call \
              that is late for its turn counts from its turn.",
        rows: vec![
            row,
            Row::new(format!("{name}, p50"), "ms", &p50),
            Row::new(format!("{name}, p99"), "ms", &p99).target(Target::AtMost(5.0)),
            Row::counted(format!("{name}, size"), "kiB", kib),
        ],
    });
    Ok(())
}

/// As Prometheus scrapes.
fn scraped(ours: &Ours) -> Caller {
    fetched(ours, "/metrics", "gzip", SCRAPE_PERIOD)
}

/// As the page asks for the plots of the node.
fn past(ours: &Ours) -> Caller {
    fetched(ours, "/status/history?window=5m", BROWSER, PAST_PERIOD)
}

fn fetched(ours: &Ours, path: &str, takes: &'static str, period: Duration) -> Caller {
    let url = format!("http://{}{path}", ours.agent.address);
    let client = ureq::Agent::new_with_defaults();
    Caller::every(period, move || {
        whole(client.get(&url).header("accept-encoding", takes).call()?)?;
        Ok(())
    })
}

fn whole(mut reply: Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    reply.body_mut().with_config().limit(64 << 20).read_to_vec()
}

/// As the page asks: for whatever is newer than what it has.
fn page(ours: &Ours) -> Caller {
    let url = format!("http://{}{ALL}", ours.agent.address);
    let plain = ureq::Agent::new_with_defaults();
    let mut seq = 0;
    // the agent makes it wait
    Caller::every(Duration::ZERO, move || {
        let asked = format!("{url}?wait={seq}");
        let reply = plain.get(&asked).header("accept-encoding", BROWSER).call()?;
        let tag = reply
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok())
            .context("a tag")?;
        let number = tag.trim_start_matches("W/").trim_matches('"').split('-').next();
        seq = number
            .and_then(|number| number.parse().ok())
            .context("a number in the tag")?;
        whole(reply)?;
        Ok(())
    })
}

/// Containers, which rest here, do not use more CPU than the CPUs of the node were busy, in the same snapshot.
fn agrees_with_itself(all: &Value) -> Result<()> {
    /// The node's figure is made of ticks of 10 ms on each CPU.
    const TICKS_PERCENT: f64 = 4.0;
    let (of_containers, of_node) = cpu_sums(all).context("lists of containers and CPUs")?;
    eprintln!("containers use {of_containers:.1} % of a CPU, the node {of_node:.1} %");
    ensure!(
        of_containers <= of_node + TICKS_PERCENT,
        "containers use {of_containers} % of a CPU where the node uses {of_node} %"
    );
    Ok(())
}

struct Asked {
    p50_ms: f64,
    p99_ms: f64,
    kib: f64,
}

fn all_at_a_pace(ours: &Ours, time: Duration) -> Result<Asked> {
    let url = format!("http://{}{ALL}", ours.agent.address);
    let client = ureq::Agent::new_with_defaults();
    let start = Instant::now();
    let (mut turn, mut took_ms, mut bytes) = (Duration::ZERO, Vec::new(), 0);
    while turn < time {
        std::thread::sleep(turn.saturating_sub(start.elapsed()));
        let body = whole(client.get(&url).call()?)?;
        took_ms.push(start.elapsed().saturating_sub(turn).as_secs_f64() * 1e3);
        bytes = body.len();
        if turn.is_zero() {
            agrees_with_itself(&serde_json::from_slice(&body)?)?;
        }
        turn += ALL_PERIOD;
    }
    took_ms.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| took_ms[(took_ms.len() * percent).div_ceil(100).max(1) - 1];
    #[expect(clippy::cast_precision_loss, reason = "some hundred KiB")]
    let kib = bytes as f64 / 1024.0;
    Ok(Asked {
        p50_ms: at(50),
        p99_ms: at(99),
        kib,
    })
}
