//! Ancestors of a cgroup, as a walk of the tree shows them.

use std::collections::HashMap;

use agent_common::{LINEAGE_LEVELS, Lineage};

use crate::cgroup::Walk;

/// From each cgroup to the one above it; none above the root.
#[derive(Debug)]
pub(super) struct Ancestry(HashMap<u64, Option<u64>>);

impl Ancestry {
    /// Of all cgroups that a walk found.
    pub(super) fn of(walk: &Walk) -> Self {
        Self(walk.entries.iter().map(|entry| (entry.id, entry.parent_id)).collect())
    }

    /// The ancestors of a cgroup from the root on, itself included; `None` if it is not in the tree.
    pub(super) fn lineage(&self, id: u64) -> Option<Lineage> {
        let mut upwards = vec![id];
        let mut above = *self.0.get(&id)?;
        while let Some(parent) = above {
            upwards.push(parent);
            above = *self.0.get(&parent)?;
        }
        let mut lineage = Lineage {
            levels: [0; LINEAGE_LEVELS],
        };
        for (level, ancestor) in lineage.levels.iter_mut().zip(upwards.into_iter().rev()) {
            *level = ancestor;
        }
        Some(lineage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ancestors_are_told_from_the_root_on_as_far_as_there_is_room() {
        // a chain from the root, 1, down to 12
        let ancestry = Ancestry((1..=12).map(|id| (id, (id > 1).then(|| id - 1))).collect());
        assert_eq!(ancestry.lineage(3).unwrap().levels, [1, 2, 3, 0, 0, 0, 0, 0]);
        assert_eq!(ancestry.lineage(12).unwrap().levels, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(ancestry.lineage(13), None);
    }
}
