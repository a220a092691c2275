//! From counters of leaf cgroups to counters of containers. Pure: no map, no file.
//!
//! The kernel counts by leaf; a container owns its cgroup and all that is below it, also after a nested one was
//! removed. So the ledger keeps, for each leaf, what it read this time and last time and to which container it
//! belongs, and when a dead leaf's room is given back, its last count goes into what its container had before.

use std::collections::{HashMap, HashSet};

use agent_common::{CgroupCounters, Lineage};

/// Reads without a change after which the counters of a dead cgroup have stopped.
const STILL_READS: u32 = 3;

/// One leaf cgroup.
#[derive(Debug)]
struct Leaf {
    now: CgroupCounters,
    /// What it read last time: nothing, if it was not there.
    before: CgroupCounters,
    was_there_before: bool,
    lineage: Option<Lineage>,
    /// The container cgroup that it belongs to, as of `owners_generation`.
    owner: Option<u64>,
    unchanged_reads: u32,
    seen_in_read: u64,
}

/// Counters of one container cgroup with all that is nested in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// At this read.
    pub now: CgroupCounters,
    /// At the last read.
    pub before: CgroupCounters,
    /// Whether anything of it was counted by the time of the last read.
    pub was_there_before: bool,
}

/// All leaves, and what is left of dead ones.
#[derive(Debug, Default)]
pub struct Ledger {
    leaves: HashMap<u64, Leaf>,
    /// Container cgroup to the counts of its leaves that were given back.
    retired: HashMap<u64, CgroupCounters>,
    /// Container cgroups, as of the last [`Ledger::set_containers`].
    containers: HashSet<u64>,
    reads: u64,
}

impl Ledger {
    /// Takes in one read of the map. `lineage_of` is asked once for each new leaf.
    pub fn record(&mut self, entries: &[(u64, CgroupCounters)], mut lineage_of: impl FnMut(u64) -> Option<Lineage>) {
        self.reads += 1;
        for &(id, counters) in entries {
            if let Some(leaf) = self.leaves.get_mut(&id) {
                leaf.unchanged_reads = if leaf.now == counters {
                    leaf.unchanged_reads.saturating_add(1)
                } else {
                    0
                };
                leaf.before = leaf.now;
                leaf.was_there_before = true;
                leaf.now = counters;
                leaf.seen_in_read = self.reads;
            } else {
                let lineage = lineage_of(id);
                let leaf = Leaf {
                    now: counters,
                    before: CgroupCounters::ZERO,
                    was_there_before: false,
                    owner: owner(id, lineage.as_ref(), &self.containers),
                    lineage,
                    unchanged_reads: 0,
                    seen_in_read: self.reads,
                };
                self.leaves.insert(id, leaf);
            }
        }
        let reads = self.reads;
        // An entry can only vanish by being given back; what a read missed meanwhile stays for one more.
        self.leaves.retain(|_, leaf| leaf.seen_in_read + 1 >= reads);
    }

    /// Tells which cgroups are containers'. Cheap when nothing changed.
    pub fn set_containers(&mut self, cgroup_ids: impl Iterator<Item = u64>) {
        let containers: HashSet<u64> = cgroup_ids.collect();
        if containers == self.containers {
            return;
        }
        self.containers = containers;
        for (id, leaf) in &mut self.leaves {
            leaf.owner = owner(*id, leaf.lineage.as_ref(), &self.containers);
        }
        self.retired.retain(|owner, _| self.containers.contains(owner));
    }

    /// The totals of all containers that have any count.
    pub fn totals(&self) -> HashMap<u64, Total> {
        let mut totals: HashMap<u64, Total> = HashMap::with_capacity(self.containers.len());
        for leaf in self.leaves.values() {
            let Some(owner) = leaf.owner else { continue };
            let total = totals.entry(owner).or_default();
            add(&mut total.now, &leaf.now);
            add(&mut total.before, &leaf.before);
            total.was_there_before |= leaf.was_there_before;
        }
        for (owner, counters) in &self.retired {
            let total = totals.entry(*owner).or_default();
            add(&mut total.now, counters);
            add(&mut total.before, counters);
            total.was_there_before = true;
        }
        totals
    }

    /// Leaves whose counters have stood still for a while: worth asking whether their cgroup is gone.
    pub fn still_leaves(&self) -> impl Iterator<Item = u64> {
        self.leaves
            .iter()
            .filter(|(_, leaf)| leaf.unchanged_reads >= STILL_READS)
            .map(|(id, _)| *id)
    }

    /// Leaves whose ancestors nobody told: their owner has to be found by path.
    pub fn without_lineage(&self) -> impl Iterator<Item = u64> {
        self.leaves
            .iter()
            .filter(|(_, leaf)| leaf.lineage.is_none())
            .map(|(id, _)| *id)
    }

    /// Tells the ancestors of a leaf, found by its path.
    pub fn learn(&mut self, id: u64, lineage: Lineage) {
        if let Some(leaf) = self.leaves.get_mut(&id) {
            leaf.owner = owner(id, Some(&lineage), &self.containers);
            leaf.lineage = Some(lineage);
        }
    }

    /// Whether there is a leaf of this cgroup.
    pub fn has(&self, id: u64) -> bool {
        self.leaves.contains_key(&id)
    }

    /// The container cgroup that a cgroup with these ancestors belongs to.
    pub fn owner_of(&self, id: u64, lineage: &Lineage) -> Option<u64> {
        owner(id, Some(lineage), &self.containers)
    }

    /// Forgets a leaf whose room in the map was given back, and keeps its count for its container.
    pub fn retire(&mut self, id: u64) {
        if let Some(leaf) = self.leaves.remove(&id)
            && let Some(owner) = leaf.owner
        {
            add(self.retired.entry(owner).or_default(), &leaf.now);
        }
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }
}

/// The outermost container on the way from the root to the leaf: what another daemon runs inside a container is
/// part of that container.
fn owner(id: u64, lineage: Option<&Lineage>, containers: &HashSet<u64>) -> Option<u64> {
    lineage
        .and_then(|lineage| {
            lineage
                .levels
                .iter()
                .copied()
                .find(|ancestor| containers.contains(ancestor))
        })
        .or_else(|| containers.contains(&id).then_some(id))
}

fn add(total: &mut CgroupCounters, more: &CgroupCounters) {
    total.rx_bytes += more.rx_bytes;
    total.rx_packets += more.rx_packets;
    total.rx_more_segments += more.rx_more_segments;
    total.tx_bytes += more.tx_bytes;
    total.tx_packets += more.tx_packets;
    total.tx_more_segments += more.tx_more_segments;
    total.loopback_rx_bytes += more.loopback_rx_bytes;
    total.loopback_tx_bytes += more.loopback_tx_bytes;
    total.cpu_ns += more.cpu_ns;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cpu(cpu_ns: u64) -> CgroupCounters {
        CgroupCounters {
            cpu_ns,
            ..CgroupCounters::ZERO
        }
    }

    fn line(levels: &[u64]) -> Lineage {
        let mut lineage = Lineage::default();
        lineage.levels[..levels.len()].copy_from_slice(levels);
        lineage
    }

    #[test]
    fn nested_leaves_belong_to_their_container_also_after_they_are_gone() {
        let mut ledger = Ledger::default();
        ledger.set_containers([20].into_iter());
        ledger.record(&[(20, cpu(5)), (30, cpu(7))], |id| {
            Some(line(&[1, 10, 20, if id == 30 { 30 } else { 0 }]))
        });
        assert_eq!(ledger.totals()[&20].now.cpu_ns, 12);
        ledger.retire(30);
        ledger.record(&[(20, cpu(6))], |_| None);
        let total = ledger.totals()[&20];
        assert_eq!((total.before.cpu_ns, total.now.cpu_ns), (12, 13));
    }

    #[test]
    fn a_container_that_is_told_later_owns_what_was_counted_before() {
        let mut ledger = Ledger::default();
        ledger.record(&[(20, cpu(5))], |_| Some(line(&[1, 10, 20])));
        assert!(ledger.totals().is_empty());
        ledger.set_containers([20].into_iter());
        assert_eq!(ledger.totals()[&20].now.cpu_ns, 5);
        assert!(!ledger.totals()[&20].was_there_before);
    }

    #[test]
    fn a_container_inside_a_container_is_part_of_the_outer_one() {
        let mut ledger = Ledger::default();
        ledger.set_containers([20, 40].into_iter());
        ledger.record(&[(40, cpu(5))], |_| Some(line(&[1, 10, 20, 30, 40])));
        assert_eq!(ledger.totals().keys().copied().collect::<Vec<_>>(), [20]);
    }

    #[test]
    fn a_leaf_without_lineage_is_its_own_container_or_is_found_by_path() {
        let mut ledger = Ledger::default();
        ledger.set_containers([20].into_iter());
        ledger.record(&[(20, cpu(5)), (30, cpu(1))], |_| None);
        assert_eq!(ledger.totals()[&20].now.cpu_ns, 5);
        assert!(ledger.without_lineage().any(|id| id == 30));
        ledger.learn(30, line(&[1, 10, 20, 30]));
        assert_eq!(ledger.totals()[&20].now.cpu_ns, 6);
    }

    #[test]
    fn only_leaves_that_stand_still_are_asked_about() {
        let mut ledger = Ledger::default();
        for read in 0..5 {
            ledger.record(&[(20, cpu(5)), (30, cpu(read))], |_| None);
        }
        assert_eq!(ledger.still_leaves().collect::<Vec<_>>(), [20]);
    }

    proptest! {
        #[test]
        fn a_total_never_falls_whatever_is_retired(
            reads in proptest::collection::vec((proptest::collection::vec(0u64..1000, 4), 0usize..6), 1..30),
        ) {
            let mut ledger = Ledger::default();
            ledger.set_containers([20].into_iter());
            // Counters of four leaves below one container; a retired one starts from nothing again.
            let mut counts = [0u64; 4];
            let mut used = 0;
            for (growth, retired) in reads {
                for (count, more) in counts.iter_mut().zip(&growth) {
                    *count += more;
                    used += more;
                }
                let entries: Vec<_> = (0u64..).zip(counts).map(|(leaf, count)| (30 + leaf, cpu(count))).collect();
                let before = ledger.totals().get(&20).map_or(0, |total| total.now.cpu_ns);
                ledger.record(&entries, |id| Some(line(&[1, 20, id])));
                let total = ledger.totals()[&20];
                prop_assert_eq!(total.now.cpu_ns, used);
                prop_assert_eq!(total.before.cpu_ns, before);
                if retired < counts.len() {
                    ledger.retire(30 + retired as u64);
                    counts[retired] = 0;
                }
            }
        }
    }
}
