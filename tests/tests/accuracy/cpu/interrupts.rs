//! Time in interrupts: who is charged with it.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::docker::PrivateDocker;
use agent_tests::machine::softirq_ns;
use agent_tests::wait::wait_for_idle_machine;

use super::{CpuTime, idle, seconds, start_quick_agent};

const BYTES: &str = "6000000000";

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn what_a_receiver_of_much_traffic_used_is_what_the_kernel_says() {
    let docker = PrivateDocker::start();
    let agent = start_quick_agent(&docker);
    let options = ["--cpuset-cpus", "1"];
    let receiver = docker.run("receiver", &options, &["tcp-sink", "--port", "5201"]);
    let sender = idle(&docker, "sender", &["--cpuset-cpus", "0"]);
    let to = format!("{}:5201", receiver.address());
    wait_for_idle_machine();
    let settled = || [&receiver, &sender].map(|container| CpuTime::settled(&agent, container));
    let (before, softirq) = (settled(), softirq_ns());
    sender.exec(&["tcp-send", "--to", &to, "--bytes", BYTES]);
    let softirq = softirq_ns() - softirq;
    let after = settled();

    let mut scenario = Scenario::new("25", "6 GB over TCP from a container on one CPU to one on another");
    for (place, who) in ["receiver", "sender"].into_iter().enumerate() {
        after[place].since(before[place]).show(&mut scenario, who);
    }
    let what = "software interrupts of the machine meanwhile";
    scenario.number(what, seconds(softirq), Unit::Seconds, Bound::Told);
    scenario.finish();
}
