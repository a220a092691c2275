//! Rates, not only sums: a steady stream reads as its pace in each sample.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::agent::AgentCommand;
use agent_tests::docker::PrivateDocker;

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn a_steady_stream_reads_as_its_rate() {
    let docker = PrivateDocker::start();
    let agent = AgentCommand::for_docker(&docker.url()).start();
    let sink = docker.run("sink", &[], &["udp-sink", "--port", "5202"]);
    let to = format!("{}:5202", sink.address());
    // 972 B and 28 B of headers, 2,000 times a second: 2,000,000 B/s
    let words = [
        "udp-send", "--to", &to, "--count", "60000", "--size", "972", "--rate", "2000",
    ];
    let sender = docker.run("sender", &[], &words);
    let rates: Vec<f64> = agent
        .samples(&sender.id, 8)
        .iter()
        .map(|sample| sample.net.tx)
        .collect();
    println!("{rates:?}");
    let mut scenario = Scenario::new(
        "5b",
        "a steady 2,000 UDP datagrams of 972 B a second, over 8 samples, in B/s",
    );
    let two_percent = Bound::Between(1_960_000.0, 2_040_000.0);
    scenario.number(
        "lowest rate",
        rates.iter().copied().fold(f64::MAX, f64::min),
        Unit::Bytes,
        two_percent,
    );
    scenario.number(
        "highest rate",
        rates.iter().copied().fold(0.0, f64::max),
        Unit::Bytes,
        two_percent,
    );
    scenario.finish();
}
