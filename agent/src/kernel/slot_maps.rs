//! The maps behind the slots, and the rules put to use.

use agent_common::{CgroupCounters, SLOTS, names};
use aya::maps::{MapData, PerCpuArray};

use super::{batch::sum, load::KernelError, owners::Owners, slots::Slots};

/// The slots of busy cgroups.
pub(super) struct SlotMaps {
    slots: Slots,
    owners: Owners,
    counters: PerCpuArray<MapData, [CgroupCounters; SLOTS]>,
}

impl SlotMaps {
    pub(super) fn new(owners: Owners, counters: PerCpuArray<MapData, [CgroupCounters; SLOTS]>) -> Self {
        Self {
            slots: Slots::new(),
            owners,
            counters,
        }
    }

    /// Completes what the hash holds with what is in slots, and gives slots to those that are busy.
    pub(super) fn complete(&mut self, entries: &mut [(u64, CgroupCounters)]) -> Result<(), KernelError> {
        if self.slots.are_used() {
            let per_cpu = self.counters.get(&0, 0).map_err(|source| KernelError::Map {
                map: names::SLOT_COUNTERS,
                source: Box::new(source),
            })?;
            self.slots
                .add_to(entries, |place| sum(per_cpu.iter().map(|cpu| &cpu[place])));
        }
        self.slots
            .assign(entries, |place, cgroup_id| self.owners.set(place, cgroup_id));
        Ok(())
    }

    /// Takes the slot from a cgroup that is gone, if it has one.
    pub(super) fn give_back(&mut self, cgroup_id: u64) {
        if let Some(place) = self.slots.give_back(cgroup_id) {
            self.owners.set(place, 0);
        }
    }
}
