//! Which cgroups have a slot: counters that the network programs find without a lookup in the hash. Rules only; the
//! maps are the caller's.
//!
//! A cgroup has its entry in the hash first, and gets the slot at its place once it has moved some bytes, if no other has it.
//! What it moves from then on is in the slot, and its figure is the sum of both. A slot is never cleared: what it held when its
//! owner got it is subtracted.

use agent_common::{CgroupCounters, SLOTS, place_of};

use super::batch::{difference, sum};

/// Bytes that a cgroup has moved before it gets a slot: some packets a minute do not need one.
const BUSY_BYTES: u64 = 1 << 20;

#[derive(Clone, Copy, Debug)]
enum Slot {
    Free {
        /// What it holds.
        held: CgroupCounters,
    },
    Owned {
        cgroup_id: u64,
        /// What it held before.
        base: CgroupCounters,
    },
    /// A program may still add to it that had looked when it was owned: until the next read.
    Given,
}

/// The agent's side of the slots.
#[derive(Debug)]
pub(super) struct Slots {
    /// One at each place.
    slots: Box<[Slot]>,
}

impl Slots {
    pub(super) fn new() -> Self {
        let held = CgroupCounters::ZERO;
        Self {
            slots: vec![Slot::Free { held }; SLOTS].into_boxed_slice(),
        }
    }

    /// Whether what the slots hold matters at the next read.
    pub(super) fn are_used(&self) -> bool {
        self.slots.iter().any(|slot| !matches!(slot, Slot::Free { .. }))
    }

    /// Adds to each entry what is in its slot; `held` is what the slots hold by now, over all CPUs.
    pub(super) fn add_to(&mut self, entries: &mut [(u64, CgroupCounters)], held: impl Fn(usize) -> CgroupCounters) {
        for (cgroup_id, counters) in entries {
            let place = place_of(*cgroup_id, SLOTS);
            if let Slot::Owned { cgroup_id: owner, base } = self.slots[place]
                && owner == *cgroup_id
            {
                *counters = sum([*counters, difference(held(place), base)].iter());
            }
        }
        for (place, slot) in self.slots.iter_mut().enumerate() {
            if matches!(slot, Slot::Given) {
                *slot = Slot::Free { held: held(place) };
            }
        }
    }

    /// Gives free slots to entries that are busy, and tells which.
    pub(super) fn assign(&mut self, entries: &[(u64, CgroupCounters)], mut tell: impl FnMut(usize, u64)) {
        for (cgroup_id, counters) in entries {
            let place = place_of(*cgroup_id, SLOTS);
            if let Slot::Free { held } = self.slots[place]
                && bytes(counters) >= BUSY_BYTES
            {
                self.slots[place] = Slot::Owned {
                    cgroup_id: *cgroup_id,
                    base: held,
                };
                tell(place, *cgroup_id);
            }
        }
    }

    /// Takes the slot from a cgroup that is gone; its place, if it had one.
    pub(super) fn give_back(&mut self, cgroup_id: u64) -> Option<usize> {
        let place = place_of(cgroup_id, SLOTS);
        let is_owner = matches!(self.slots[place], Slot::Owned { cgroup_id: owner, .. } if owner == cgroup_id);
        is_owner.then(|| {
            self.slots[place] = Slot::Given;
            place
        })
    }
}

fn bytes(counters: &CgroupCounters) -> u64 {
    let all = [
        counters.rx_bytes,
        counters.tx_bytes,
        counters.loopback_rx_bytes,
        counters.loopback_tx_bytes,
    ];
    all.into_iter().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u64 = 77;

    fn sent(tx_bytes: u64) -> CgroupCounters {
        CgroupCounters {
            tx_bytes,
            ..CgroupCounters::ZERO
        }
    }

    /// An id other than [`ID`] with the same place.
    fn neighbour() -> u64 {
        let place = place_of(ID, SLOTS);
        (ID + 1..ID + 100_000).find(|id| place_of(*id, SLOTS) == place).unwrap()
    }

    /// One read: what the cgroup's figure is, where the hash has `hash` and its slot `slot`.
    fn read(slots: &mut Slots, id: u64, hash: u64, slot: u64) -> (u64, Vec<u64>) {
        let mut entries = [(id, sent(hash))];
        slots.add_to(&mut entries, |_| sent(slot));
        let mut told = Vec::new();
        slots.assign(&entries, |_, owner| told.push(owner));
        (entries[0].1.tx_bytes, told)
    }

    #[test]
    fn a_busy_cgroup_gets_the_slot_and_its_figure_is_the_sum() {
        let mut slots = Slots::new();
        assert_eq!(read(&mut slots, ID, BUSY_BYTES - 1, 0), (BUSY_BYTES - 1, vec![]));
        assert!(!slots.are_used());
        assert_eq!(read(&mut slots, ID, BUSY_BYTES, 0), (BUSY_BYTES, vec![ID]));
        assert!(slots.are_used());
        assert_eq!(read(&mut slots, ID, BUSY_BYTES, 500), (BUSY_BYTES + 500, vec![]));
    }

    #[test]
    fn who_comes_second_to_a_place_stays_in_the_hash() {
        let mut slots = Slots::new();
        read(&mut slots, ID, BUSY_BYTES, 0);
        assert_eq!(read(&mut slots, neighbour(), BUSY_BYTES, 500), (BUSY_BYTES, vec![]));
    }

    #[test]
    fn the_next_owner_does_not_have_what_the_last_one_moved() {
        let mut slots = Slots::new();
        read(&mut slots, ID, BUSY_BYTES, 0);
        assert_eq!(slots.give_back(neighbour()), None);
        assert_eq!(slots.give_back(ID), Some(place_of(ID, SLOTS)));
        assert_eq!(slots.give_back(ID), None);
        // a program adds once more after the slot was taken back
        assert_eq!(
            read(&mut slots, neighbour(), BUSY_BYTES, 700),
            (BUSY_BYTES, vec![neighbour()])
        );
        assert_eq!(
            read(&mut slots, neighbour(), BUSY_BYTES, 710),
            (BUSY_BYTES + 10, vec![])
        );
    }
}
