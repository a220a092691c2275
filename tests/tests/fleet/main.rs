//! A fleet, for real: Docker engines in network namespaces of their own, joined into one Swarm, with the agent on each as
//! the stack of `deploy/` has it. Containers are moved through the agents' REST API as a scheduler does, while they send.
//!
//! `cargo xtask fleet` runs it with the numbers that it is given; without them it is small, for every run of the tests.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a scenario that cannot go on has failed"
)]

mod alone;
mod client;
mod image;
mod scheduler;
mod size;
mod swarm;
mod watch;

use std::thread;
use std::time::{Duration, Instant};

use agent_tests::wait::wait_until;
use jiff::Timestamp;

use scheduler::Scheduler;
use size::Size;
use swarm::Swarm;
use watch::Watch;

/// How soon an agent is back once its node's engine answers.
const BACK: Duration = Duration::from_secs(5);
/// The longest that a scheduler goes without a new sample of a node while its agent is replaced.
const LONGEST_GAP: Duration = Duration::from_secs(5);
/// What of it the agent may take, where the machine is so slow that ending one container and starting the next takes the rest.
const OF_IT_THE_AGENTS: Duration = Duration::from_millis(2500);
/// A task is replaced once the one before it is healthy, which takes up to two looks of the engine's, 10 s apart.
const ROLLED_OUT: Duration = Duration::from_mins(3);

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn containers_are_moved_between_nodes_and_agents_come_back_and_are_replaced() {
    let size = Size::from_environment();
    println!("{size:?}");
    let swarm = Swarm::start(size.nodes);
    // Only inside their network can the agents be reached.
    thread::scope(|scope| {
        let work = scope.spawn(|| {
            swarm.nodes[0].docker.netns().join_with_this_thread();
            move_and_replace(&swarm, size);
        });
        if let Err(panic) = work.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[track_caller]
fn move_and_replace(swarm: &Swarm, size: Size) {
    let started = Instant::now();
    swarm.deploy();
    swarm.wait_until_ready();
    println!(
        "{} agents ready {:?} after the stack was deployed",
        size.nodes,
        started.elapsed()
    );

    let scheduler = Scheduler::new(swarm);
    let begun = Instant::now();
    let created = scheduler.create(0, size.containers);
    println!(
        "{} containers created on node 1 in {:?}",
        created.len(),
        begun.elapsed()
    );
    scheduler.wait_until_all_send(&created);

    let begun = Instant::now();
    let moved = scheduler.move_some(&created, size.moves);
    println!("{} of them moved in {:?}, traffic on", size.moves, begun.elapsed());
    scheduler.wait_until_all_send(&moved);
    scheduler.assert_each_is_there_once(&moved);
    println!("none lost, none twice");

    let last = swarm.nodes.last().expect("there are nodes");
    let before = last.running_agent();
    last.docker.kill();
    last.docker.launch();
    let (answers, answers_at) = (Instant::now(), Timestamp::now());
    wait_until("the agent of the last node to be back", BACK * 4, || {
        let agent = last.running_agent().ok_or("none runs")?;
        if Some(&agent) == before.as_ref() {
            return Err("the one of before has not ended yet".to_owned());
        }
        last.client.ready()
    });
    let back = answers.elapsed();
    let (_, started) = last.replaced();
    let engines = between(answers_at, started);
    println!(
        "agent back {back:?} after its node's engine, which was killed; the engine had started it after {engines:?}"
    );
    assert!(back <= BACK.max(engines + OF_IT_THE_AGENTS), "{back:?}, {engines:?}");

    // An engine of a Swarm ends its containers when it comes back; that is seen, and made good.
    let moved = scheduler.make_again(&moved, size.nodes - 1);
    scheduler.wait_until_all_send(&moved);

    let watch = Watch::start(swarm, &moved);
    let begun = Instant::now();
    swarm.update(image::SECOND);
    wait_until("every node to have the second image", ROLLED_OUT, || {
        swarm.all_run(image::SECOND)
    });
    println!(
        "{} agents replaced, one after the other, in {:?}",
        size.nodes,
        begun.elapsed()
    );
    for gap in watch.stop() {
        let node = swarm
            .nodes
            .iter()
            .find(|node| node.name == gap.node)
            .expect("it is one of them");
        let (ended, started) = node.replaced();
        let engines = between(ended, started);
        println!(
            "{}: {} samples told, at most {:?} apart; the engine took {engines:?} from the end of one agent to the start of the next",
            gap.node, gap.samples, gap.longest
        );
        assert!(
            gap.longest <= LONGEST_GAP.max(engines + OF_IT_THE_AGENTS),
            "{gap:?}, {engines:?}"
        );
        assert!(gap.samples > 0, "{gap:?}");
    }
    scheduler.wait_until_all_send(&moved);
    scheduler.assert_each_is_there_once(&moved);
}

/// Zero where the second was before the first.
fn between(first: Timestamp, second: Timestamp) -> Duration {
    Duration::try_from(second.duration_since(first)).unwrap_or_default()
}
