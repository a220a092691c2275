//! What containers have used, as counters that only grow in one run of theirs, whichever source tells of it.
//!
//! The kernel's counts begin when the agent or the container starts, Docker's when the container does. A container that goes from one
//! source to the other would seem to have used years in a second.

use std::collections::HashMap;

use crate::{
    containers::{Container, ContainerId, ContainerTable},
    rates::{Counters, NetCounters, NetDetail},
    usage::{Reading, Source},
};

/// The totals of all containers that run.
#[derive(Debug, Default)]
pub(super) struct Totals(HashMap<ContainerId, Total>);

#[derive(Clone, Copy, Debug)]
struct Total {
    source: Source,
    started_ns: Option<u64>,
    /// As the source told them last.
    told: Counters,
    used: Counters,
}

impl Totals {
    /// Forgets containers that run no more.
    pub(super) fn keep_running(&mut self, table: &ContainerTable) {
        self.0
            .retain(|id, _| table.by_id.get(id).is_some_and(|container| container.is_running()));
    }

    /// The total of a container with this reading in it.
    pub(super) fn with(&mut self, container: &Container, reading: &Reading) -> Counters {
        let told = reading.now.counters;
        let total = match self.0.get(&container.id) {
            Some(known) if known.started_ns == container.started_ns => {
                // What was used between the last word of one source and the first of the next is in neither.
                let before = if known.source == reading.source {
                    known.told
                } else {
                    told
                };
                grown(known.used, before, told)
            }
            _ => told,
        };
        let known = Total {
            source: reading.source,
            started_ns: container.started_ns,
            told,
            used: total,
        };
        self.0.insert(container.id, known);
        Counters {
            // what is not measured now is not told now
            net: total.net.filter(|_| told.net.is_some()),
            ..total
        }
    }
}

/// `total` and what was counted between two words of one source. A counter that went back counts nothing.
fn grown(total: Counters, before: Counters, now: Counters) -> Counters {
    let add = |total: u64, before: u64, now: u64| total.saturating_add(now.saturating_sub(before));
    let grown_net = now.net.map(|now| {
        // Traffic that was never measured begins with what is told of it now; of a time in which it was not, nothing is known.
        let Some(total) = total.net else { return now };
        let before = before.net.unwrap_or(now);
        NetCounters {
            rx_bytes: add(total.rx_bytes, before.rx_bytes, now.rx_bytes),
            tx_bytes: add(total.tx_bytes, before.tx_bytes, now.tx_bytes),
            rx_packets: add(total.rx_packets, before.rx_packets, now.rx_packets),
            tx_packets: add(total.tx_packets, before.tx_packets, now.tx_packets),
            detail: None::<NetDetail>,
        }
    });
    Counters {
        cpu_ns: add(total.cpu_ns, before.cpu_ns, now.cpu_ns),
        net: grown_net.or(total.net),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{containers::RunState, rates::Sample};

    fn container(started_ns: u64) -> Container {
        Container {
            state: RunState::Running,
            started_ns: Some(started_ns),
            ..Container::unknown("1f".repeat(32).parse().unwrap())
        }
    }

    fn reading(source: Source, cpu_ns: u64, rx_bytes: Option<u64>) -> Reading {
        let net = rx_bytes.map(|rx_bytes| NetCounters {
            rx_bytes,
            ..NetCounters::default()
        });
        Reading {
            source,
            now: Sample {
                clock_ns: 0,
                wall_ns: 0,
                counters: Counters { cpu_ns, net },
            },
            before: None,
            memory: None,
        }
    }

    #[test]
    fn a_container_that_goes_to_another_source_has_not_used_more_for_it() {
        let mut totals = Totals::default();
        let one = container(1);
        let mut with = |source, cpu_ns, rx| {
            let total = totals.with(&one, &reading(source, cpu_ns, rx));
            (total.cpu_ns, total.net.map(|net| net.rx_bytes))
        };
        assert_eq!(with(Source::Ebpf, 100, Some(10)), (100, Some(10)));
        assert_eq!(with(Source::Ebpf, 150, Some(15)), (150, Some(15)));
        assert_eq!(with(Source::Docker, 1_000_000, Some(7_000)), (150, Some(15)));
        assert_eq!(with(Source::Docker, 1_000_050, Some(7_005)), (200, Some(20)));
        // traffic that nobody measures for a while is not told, and goes on from where it was told
        assert_eq!(with(Source::Ebpf, 160, None), (200, None));
        assert_eq!(with(Source::Ebpf, 170, Some(30)), (210, Some(20)));
        assert_eq!(with(Source::Ebpf, 170, Some(31)), (210, Some(21)));
    }

    #[test]
    fn a_new_run_begins_anew_and_one_that_ended_is_forgotten() {
        let mut totals = Totals::default();
        totals.with(&container(1), &reading(Source::Ebpf, 100, None));
        assert_eq!(totals.with(&container(2), &reading(Source::Ebpf, 5, None)).cpu_ns, 5);
        totals.keep_running(&ContainerTable::default());
        assert!(totals.0.is_empty());
    }
}
