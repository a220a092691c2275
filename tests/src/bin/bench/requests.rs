//! How fast the agent answers, beside netdata and Docker's own calls.

use std::time::{Duration, Instant};

use agent_tests::docker::PrivateDocker;
use anyhow::{Context as _, Result};

use crate::machine;
use crate::ours::{Ours, Unsampled};
use crate::peers::Name;
use crate::peers::netdata::Netdata;
use crate::report::{RATE, Row, Table, Target};
use crate::run::{ROUNDS, Run};
use crate::wrk::{Load, Wrk};

const CONNECTIONS: [usize; 3] = [1, 16, 256];
/// A Docker stats call takes a second: a few do.
const DOCKER_CALLS: usize = 5;

/// At 16 connections: one alone waits for each answer, and of 256 most wait in line whoever answers.
const TARGET_CONNECTIONS: usize = 16;

/// One of the figures of a load.
type Part = (&'static str, &'static str, fn(&Load) -> f64);
const PARTS: [Part; 4] = [
    ("requests a second", RATE, |load| load.requests_per_s),
    ("p50", "ms", |load| load.p50_ms),
    ("p99", "ms", |load| load.p99_ms),
    ("p99.9", "ms", |load| load.p999_ms),
];

/// Only the target's load, where the other loads are measured with more containers.
pub(crate) fn measure_few(run: &mut Run<'_>) -> Result<()> {
    let Some(wrk) = Wrk::find()? else {
        run.missing("requests: wrk is not installed");
        return Ok(());
    };
    let ours = Ours::start(run.docker, run.fleet.len());
    let ids = run.fleet.ids();
    let id = ids.first().context("a container to ask for")?;
    let url = format!("http://{}/container/{id}/status", ours.agent.address);
    let rows = beside_an_unsampled(run, &wrk, &url)?;
    run.add(table(rows));
    Ok(())
}

/// The load that has a target, in turns with one on the same server which answers a word and takes no samples; and what
/// the machine is busy with before either. Whatever those two share is not the agent's to mend.
fn beside_an_unsampled(run: &Run<'_>, wrk: &Wrk, url: &str) -> Result<Vec<Row>> {
    let containers = run.fleet.len();
    run.say("GET /container/{id}/status beside a server that takes no samples");
    let unsampled = Unsampled::start(run.docker);
    let (mut loads, mut beside, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        run.stop.check()?;
        busy.push(machine::busy_percent(&run.stop, run.load_time())?);
        loads.push(wrk.run(url, TARGET_CONNECTIONS, run.load_time())?);
        beside.push(wrk.run(&unsampled.url(), TARGET_CONNECTIONS, run.load_time())?);
    }
    let name = format!(
        "{containers} containers, GET /container/{{id}}/status, {TARGET_CONNECTIONS} conn., in turns with a word"
    );
    let of_loads = PARTS.into_iter().map(|(part, unit, of)| {
        let figures = |loads: &[Load]| loads.iter().map(of).collect::<Vec<_>>();
        let row = Row::new(format!("{name}, {part}"), unit, &figures(&loads));
        let row = row.reference("a word, without samples", &figures(&beside));
        match part {
            "requests a second" => row.target(Target::AtLeast(60_000.0)),
            "p99" => row.target(Target::AtMost(1.0)),
            _ => row,
        }
    });
    let at_rest = format!("{containers} containers, all that runs, before the load");
    let at_rest = Row::new(at_rest, "% of a CPU", &busy);
    Ok(std::iter::once(at_rest).chain(of_loads).collect())
}

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    let Some(wrk) = Wrk::find()? else {
        run.missing("requests: wrk is not installed");
        return Ok(());
    };
    let containers = run.fleet.len();
    let ours = Ours::start(run.docker, containers);
    let ids = run.fleet.ids();
    let id = ids.first().context("a container to ask for")?;
    let netdata = run.peer(Name::Netdata, |peers| Netdata::start(peers, 1));
    let (stats, list) = docker_calls(run, id);
    let target_url = format!("http://{}/container/{id}/status", ours.agent.address);
    let mut rows = {
        let _paused = netdata.as_ref().map(Netdata::paused);
        beside_an_unsampled(run, &wrk, &target_url)?
    };
    for (route, path) in [
        ("GET /container/{id}/status", format!("/container/{id}/status")),
        ("GET /containers", "/containers".to_owned()),
        ("GET /status", "/status".to_owned()),
    ] {
        let beside = netdata.as_ref().filter(|_| path.contains(id));
        for connections in CONNECTIONS {
            run.say(&format!("{route}, {connections} connections"));
            let (mut loads, mut theirs) = (Vec::new(), Vec::new());
            // a peer that fails under this load is named, and the agent is measured all the same
            let mut beside = beside;
            for _ in 0..ROUNDS {
                run.stop.check()?;
                let url = format!("http://{}{path}", ours.agent.address);
                {
                    // who is not asked does not take the CPUs from who is
                    let _paused = netdata.as_ref().map(Netdata::paused);
                    loads.push(wrk.run(&url, connections, run.load_time())?);
                }
                let Some(netdata) = beside else { continue };
                match wrk.run(&netdata.latest_url(), connections, run.load_time()) {
                    Ok(load) => theirs.push(load),
                    Err(error) => {
                        run.missing(&format!("netdata at {connections} connections: {error:#}"));
                        theirs.clear();
                        beside = None;
                    }
                }
            }
            for (part, unit, of) in PARTS {
                let figures: Vec<f64> = loads.iter().map(of).collect();
                let name = format!("{containers} containers, {route}, {connections} conn., {part}");
                let row = Row::new(name, unit, &figures);
                let row = row.peer("netdata", &theirs.iter().map(of).collect::<Vec<_>>(), &figures);
                let row = match (route, connections, part) {
                    ("GET /container/{id}/status", 1, "p50") => row.peer("Docker's own call", &stats, &figures),
                    ("GET /containers", 1, "p50") => row.peer("Docker's own call", &list, &figures),
                    _ => row,
                };
                rows.push(row);
            }
        }
    }
    run.add(table(rows));
    Ok(())
}

fn table(rows: Vec<Row>) -> Table {
    Table {
        id: "requests",
        title: "Answers",
        how: "wrk with one thread, over loopback on the same CPUs, while the sampler runs; netdata is asked for the \
              latest figures of one container, in turns, and stopped while the agent is asked. Docker's own calls: stats with one-shot, and the list, one \
              after the other. A word, without samples: the same server, in turns, asked for `/livez`, of an agent that samples once a minute; \
              wrk counts a wait as often as it would have asked meanwhile, so that one hundredth of the time in which the \
              server or wrk does not have a CPU is a 99th percentile of milliseconds.",
        rows,
    }
}

/// How long Docker takes for one container's stats, and for its list of containers, in ms.
fn docker_calls(run: &Run<'_>, id: &str) -> (Vec<f64>, Vec<f64>) {
    if !run.wants(Name::DockerStats) {
        return (Vec::new(), Vec::new());
    }
    let stats = format!("/containers/{id}/stats?stream=false&one-shot=true");
    let timed = |path: &str| (0..DOCKER_CALLS).map(|_| call_ms(run.docker, path)).collect();
    (timed(&stats), timed("/containers/json"))
}

fn call_ms(docker: &PrivateDocker, path: &str) -> f64 {
    let start = Instant::now();
    docker.api_json(path);
    start.elapsed().as_secs_f64() / Duration::from_millis(1).as_secs_f64()
}
