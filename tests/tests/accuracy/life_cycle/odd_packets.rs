//! The network programs let every packet pass, whatever it is: 0 would drop it, for the whole machine.

use agent_tests::accuracy::{Bound, Scenario, Unit};
use agent_tests::cgroup::{ChildCgroup, Inside};
use agent_tests::docker::PrivateDocker;
use agent_tests::programs::{loaded_by_agents, network_programs};
use aya::programs::{CgroupSkb, TestRun as _, TestRunOptions};

use crate::parts::{exactly, idle, start_agent};

/// What the kernel takes off before the program runs.
const ETHERNET_BYTES: usize = 14;
/// From nothing behind the Ethernet header to more than a kernel of pages of 4 KiB takes.
const LENGTHS: [usize; 12] = [14, 15, 16, 33, 34, 53, 54, 74, 1514, 3000, 9014, 65_550];
/// IPv4, IPv6, address resolution, VLAN, and two that are nothing.
const PROTOCOLS: [[u8; 2]; 6] = [
    [0x08, 0x00],
    [0x86, 0xdd],
    [0x08, 0x06],
    [0x81, 0x00],
    [0, 0],
    [0xff, 0xff],
];
/// What stands behind the Ethernet header, again and again: versions of IP, header lengths that are none.
const FILLS: [u8; 5] = [0x00, 0x45, 0x4f, 0x60, 0xff];
/// `struct __sk_buff`, and where it has the number of segments.
const CONTEXT_BYTES: usize = 192;
const GSO_SEGMENTS_AT: usize = 164;
const SEGMENTS: [u32; 3] = [0, 1, 65_535];

#[test]
#[ignore = "needs root and a Docker engine: cargo xtask test"]
fn network_programs_let_every_packet_pass_and_count_it() {
    let docker = PrivateDocker::start();
    let of_others = loaded_by_agents();
    let agent = start_agent(&docker);
    let ours = loaded_by_agents().difference(&of_others).copied().collect();
    let programs = network_programs(&ours);
    let container = idle(&docker, "lends-its-cgroup", &[]);
    let child = ChildCgroup::create(&container.id, "odd");
    let mut seen = Seen::default();
    let [moved] = agent.moved([&container], || {
        // a packet of such a run belongs to who asks for it
        let inside = Inside::enter(child.dir());
        for program in &programs {
            run_all(program, &mut seen);
        }
        drop(inside);
    });

    let mut scenario = Scenario::new(
        "36",
        "both network programs, run on packets that are empty, cut short, huge, and of no protocol",
    );
    scenario.counter("programs", seen_programs(&programs), Unit::Count, exactly(2));
    scenario.counter("runs", seen.runs, Unit::Count, Bound::AtLeast(1000.0));
    scenario.counter(
        "packets that the kernel itself refuses to run",
        seen.refused,
        Unit::Count,
        Bound::Told,
    );
    scenario.counter(
        "answers other than 1, which lets a packet pass",
        seen.not_1,
        Unit::Count,
        exactly(0),
    );
    let counted = moved.loopback_rx + moved.loopback_tx;
    scenario.counter(
        "bytes not counted of those that ran",
        seen.bytes.abs_diff(counted),
        Unit::Bytes,
        exactly(0),
    );
    scenario.finish();
}

#[derive(Debug, Default)]
struct Seen {
    runs: u64,
    refused: u64,
    not_1: u64,
    bytes: u64,
}

fn run_all(program: &CgroupSkb, seen: &mut Seen) {
    for length in LENGTHS {
        for protocol in PROTOCOLS {
            for fill in FILLS {
                for segments in SEGMENTS {
                    run(program, &packet(length, protocol, fill), segments, seen);
                }
            }
        }
    }
}

fn packet(length: usize, protocol: [u8; 2], fill: u8) -> Vec<u8> {
    let mut packet = vec![fill; length];
    packet[12..ETHERNET_BYTES].copy_from_slice(&protocol);
    packet
}

fn run(program: &CgroupSkb, packet: &[u8], segments: u32, seen: &mut Seen) {
    let mut context = [0; CONTEXT_BYTES];
    context[GSO_SEGMENTS_AT..GSO_SEGMENTS_AT + 4].copy_from_slice(&segments.to_ne_bytes());
    let options = TestRunOptions {
        data_in: Some(packet),
        ctx_in: Some(&context),
        ..TestRunOptions::default()
    };
    match program.test_run(options) {
        Ok(result) => {
            seen.runs += 1;
            seen.not_1 += u64::from(result.return_value != 1);
            seen.bytes += (packet.len() - ETHERNET_BYTES) as u64;
        }
        Err(_) => seen.refused += 1,
    }
}

fn seen_programs(programs: &[CgroupSkb]) -> u64 {
    u64::try_from(programs.len()).unwrap_or(u64::MAX)
}
