//! Programs that are loaded into the kernel, to see that none stays behind.

use std::collections::BTreeSet;

use aya::programs::loaded_programs;

/// Kernel ids of the programs that are loaded now and named like the agent's.
///
/// A program that is attached anywhere, to the root cgroup or to a tracepoint, is loaded: one that is not
/// loaded any more is attached nowhere.
#[track_caller]
pub fn loaded_by_agents() -> BTreeSet<u32> {
    const NAMES: [&str; 3] = ["count_ingress", "count_egress", "charge_cpu"];
    let programs = loaded_programs().filter_map(|program| match program {
        Ok(program) => Some(program),
        // ended between the kernel's list and the look at it
        Err(error) => {
            eprintln!("a program could not be looked at: {error}");
            None
        }
    });
    let ours = programs.filter(|program| program.name_as_str().is_some_and(|name| NAMES.contains(&name)));
    ours.map(|program| program.id()).collect()
}
