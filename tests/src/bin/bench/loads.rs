//! Loads with the agent off and on, in turns: what a user of the machine notices.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use agent_tests::cgroup;
use agent_tests::command;
use agent_tests::docker::Container;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::machine;
use crate::ours::Ours;
use crate::programs::pipe;
use crate::report::{Row, Table};
use crate::run::{ROUNDS, Run};

/// One run of each.
#[derive(Clone, Copy, Debug)]
struct Loads {
    switch_us: f64,
    tcp_gbit_per_s: f64,
    udp_packets_per_s: f64,
}

/// A load's name and unit, and where its figure is.
type Part = (&'static str, &'static str, fn(&Loads) -> f64);
const PARTS: [Part; 3] = [
    ("perf bench sched pipe, one CPU", "us", |loads| loads.switch_us),
    ("iperf3 over the bridge, TCP", "Gbit/s", |loads| loads.tcp_gbit_per_s),
    (
        "iperf3 over the bridge, UDP of 64 bytes, arrived",
        "packets/s",
        |loads| loads.udp_packets_per_s,
    ),
];

pub(crate) fn measure(run: &mut Run<'_>) -> Result<()> {
    for program in ["perf", "iperf3"] {
        machine::has(program)?;
    }
    let server = run.docker.run("bench-server", &[], &["sleep", "--seconds", "3600"]);
    let client = run.docker.run("bench-client", &[], &["sleep", "--seconds", "3600"]);
    let pairs = pairs(run, &server, &client);
    server.remove();
    client.remove();
    let pairs = pairs?;
    let mut rows = Vec::new();
    for (name, unit, of) in PARTS {
        let off: Vec<f64> = pairs.iter().map(|(off, _)| of(off)).collect();
        let on: Vec<f64> = pairs.iter().map(|(_, on)| of(on)).collect();
        let change: Vec<f64> = off.iter().zip(&on).map(|(off, on)| (on / off - 1.0) * 100.0).collect();
        rows.push(Row::new(name, unit, &on).reference("without the agent", &off));
        rows.push(Row::new(format!("{name}: change by the agent"), "%", &change));
    }
    run.add(Table {
        id: "loads",
        title: "Loads with and without the agent",
        how: "In containers, the agent off and on in turns, the order turned round each time. The change is that of each pair.",
        rows,
    });
    Ok(())
}

/// Off and on.
fn pairs(run: &Run<'_>, server: &Container<'_>, client: &Container<'_>) -> Result<Vec<(Loads, Loads)>> {
    let with_agent = || {
        let _ours = Ours::start(run.docker, run.fleet.len() + 2);
        loads(run, server, client)
    };
    let without = || loads(run, server, client);
    // the first run of a load is slower than the others
    without()?;
    let mut pairs = Vec::new();
    for round in 0..ROUNDS {
        pairs.push(if round % 2 == 0 {
            let off = without()?;
            (off, with_agent()?)
        } else {
            let on = with_agent()?;
            (without()?, on)
        });
    }
    Ok(pairs)
}

fn loads(run: &Run<'_>, server: &Container<'_>, client: &Container<'_>) -> Result<Loads> {
    run.stop.check()?;
    let seconds = run.load_time().as_secs().to_string();
    let switch_us = pipe(&cgroup::v2_dir(&client.id), if run.quick { 200_000 } else { 500_000 });
    let tcp = iperf(server, client, &["--time", &seconds])?;
    let udp = iperf(
        server,
        client,
        &["--time", &seconds, "--udp", "--bitrate", "0", "--length", "64"],
    )?;
    let number = |report: &Value, pointer: &str| {
        let number = report.pointer(pointer).and_then(Value::as_f64);
        number.with_context(|| format!("iperf3 tells no {pointer}: {report}"))
    };
    let sent = number(&udp, "/end/sum/packets")?;
    let lost = number(&udp, "/end/sum/lost_packets")?;
    Ok(Loads {
        switch_us,
        tcp_gbit_per_s: number(&tcp, "/end/sum_received/bits_per_second")? / 1e9,
        udp_packets_per_s: (sent - lost) / number(&udp, "/end/sum/seconds")?,
    })
}

/// A server for one client, and that client, each in a container's network and cgroup.
fn iperf(server: &Container<'_>, client: &Container<'_>, flags: &[&str]) -> Result<Value> {
    let address = server.address();
    let _server = Server::start(server)?;
    let words = [&["iperf3", "--json", "--client", &address], flags].concat();
    let done = command::attempt(&inside(client, &words));
    ensure!(done.success, "iperf3 failed: {} {}", done.stdout, done.stderr);
    serde_json::from_str(&done.stdout).context("iperf3's report")
}

/// An iperf3 that listens; ended on drop.
struct Server(Child);

impl Server {
    fn start(container: &Container<'_>) -> Result<Self> {
        let words = inside(container, &["iperf3", "--server", "--one-off", "--forceflush"]);
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut server = Self(command.spawn().context("starting the iperf3 server")?);
        let output = BufReader::new(server.0.stdout.take().context("its output is a pipe")?);
        let mut lines = output.lines().map_while(Result::ok);
        ensure!(
            lines.any(|line| line.contains("listening")),
            "the iperf3 server does not listen"
        );
        // it goes on writing, and nobody may be slow to read
        thread::spawn(move || lines.count());
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // one that has served its client has ended already
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn inside(container: &Container<'_>, words: &[&str]) -> Vec<String> {
    let join = format!(
        "echo $$ > '{}/cgroup.procs' && exec \"$@\"",
        cgroup::v2_dir(&container.id).display()
    );
    let net = format!("--net=/proc/{}/ns/net", container.pid());
    let enter = ["nsenter", &net, "sh", "-c", &join, "sh"];
    enter.iter().chain(words).map(|word| (*word).to_owned()).collect()
}
