//! Programs that are loaded into the kernel: to see that none stays behind, and one that stands in another's place.

pub mod accountant;
mod attached;
mod carried;
mod object_file;
pub mod verdict;

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _};

use aya::maps::{Map, MapData, MapInfo, PerCpuHashMap};
use aya::programs::links::LinkType;
use aya::programs::{CgroupSkb, ProgramInfo, loaded_links, loaded_programs};
pub use carried::load_carried;

/// Programs of the agent that see packets.
const SEE_PACKETS: [&str; 2] = ["count_ingress", "count_egress"];

/// Kernel ids of the programs that are loaded now and named like the agent's.
///
/// A program that is attached anywhere, to the root cgroup or to a tracepoint, is loaded: one that is not
/// loaded any more is attached nowhere.
#[track_caller]
pub fn loaded_by_agents() -> BTreeSet<u32> {
    const NAMES: [&str; 5] = [
        "count_ingress",
        "count_egress",
        "charge_task",
        "flush_task",
        "charge_cpu",
    ];
    named(&NAMES).map(|program| program.id()).collect()
}

/// Where these programs are attached: one kind of hook for each link.
#[track_caller]
pub fn links_of(programs: &BTreeSet<u32>) -> Vec<LinkType> {
    // one that cannot be looked at has ended meanwhile
    let of_them = loaded_links()
        .flatten()
        .filter(|link| programs.contains(&link.program_id()));
    of_them.filter_map(|link| link.link_type().ok()).collect()
}

/// Those of these programs that see packets, to be run by hand.
#[track_caller]
pub fn network_programs(programs: &BTreeSet<u32>) -> Vec<CgroupSkb> {
    named(&SEE_PACKETS)
        .filter(|program| programs.contains(&program.id()))
        .map(|program| {
            let name = program.name_as_str().unwrap_or_default().to_owned();
            CgroupSkb::from_program_info(program, name.into(), None).expect("the agent holds it")
        })
        .collect()
}

/// The cgroups for which a running agent has counters.
#[track_caller]
pub fn counted_cgroups(agent_pid: u32) -> BTreeSet<u64> {
    let dir = format!("/proc/{agent_pid}/fdinfo");
    let files = fs::read_dir(&dir).unwrap_or_else(|error| panic!("cannot read {dir}: {error}"));
    let map_id = |file: fs::DirEntry| {
        // a descriptor may be closed meanwhile
        let info = fs::read_to_string(file.path()).ok()?;
        info.lines()
            .find_map(|line| line.strip_prefix("map_id:")?.trim().parse().ok())
    };
    let ids = files.flatten().filter_map(map_id);
    let mut maps = ids.map(|id: u32| MapInfo::from_id(id).expect("the agent holds it"));
    let counters = maps.find(|map| map.name_as_str() == Some("COUNTERS"));
    let id = counters.expect("the agent counts in the kernel").id();
    let data = MapData::from_id(id).expect("the agent holds it");
    let map: PerCpuHashMap<_, u64, [u64; 9]> = Map::PerCpuHashMap(data).try_into().expect("a counter is nine numbers");
    map.keys().map(|id| id.expect("the map can be read")).collect()
}

/// What the kernel knows of a program's runs since it began to keep such statistics.
#[derive(Clone, Debug)]
pub struct RunStatistics {
    /// Kernel id.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Time in all runs, with the two looks at the clock of each.
    pub run_time_ns: u64,
    /// How often it ran.
    pub runs: u64,
}

/// Statistics of all loaded programs with these names.
#[track_caller]
pub fn statistics_of(names: &[&str]) -> Vec<RunStatistics> {
    named(names).filter_map(|program| statistics(&program)).collect()
}

fn statistics(program: &ProgramInfo) -> Option<RunStatistics> {
    let fd = program.fd().ok()?;
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd())).ok()?;
    let number = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    Some(RunStatistics {
        id: program.id(),
        name: program.name_as_str()?.to_owned(),
        run_time_ns: number("run_time_ns:")?,
        runs: number("run_cnt:")?,
    })
}

fn named<'n>(names: &'n [&str]) -> impl Iterator<Item = ProgramInfo> + 'n {
    let programs = loaded_programs().filter_map(|program| match program {
        Ok(program) => Some(program),
        // ended between the kernel's list and the look at it
        Err(error) => {
            eprintln!("a program could not be looked at: {error}");
            None
        }
    });
    programs.filter(|program| program.name_as_str().is_some_and(|name| names.contains(&name)))
}
