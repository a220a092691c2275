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

use scheduler::Scheduler;
use size::Size;
use swarm::Swarm;
use watch::Watch;

/// How soon an agent is back once its node's engine answers.
const BACK: Duration = Duration::from_secs(5);
/// The longest that a scheduler goes without a new sample of a node while its agent is replaced.
const LONGEST_GAP: Duration = Duration::from_secs(5);
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
    let answers = Instant::now();
    wait_until("the agent of the last node to be back", BACK * 4, || {
        let agent = last.running_agent().ok_or("none runs")?;
        if Some(&agent) == before.as_ref() {
            return Err("the one of before has not ended yet".to_owned());
        }
        last.client.ready()
    });
    let back = answers.elapsed();
    println!("agent back {back:?} after its node's engine, which was killed");
    assert!(back <= BACK, "{back:?}");

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
        println!(
            "{}: {} samples told, at most {:?} apart",
            gap.node, gap.samples, gap.longest
        );
        assert!(gap.longest <= LONGEST_GAP, "{gap:?}");
        assert!(gap.samples > 0, "{gap:?}");
    }
    scheduler.wait_until_all_send(&moved);
    scheduler.assert_each_is_there_once(&moved);
}
