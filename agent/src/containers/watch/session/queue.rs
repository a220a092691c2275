//! Which containers are to be inspected, in which order, and which again later. Pure: time is an argument.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use crate::containers::id::ContainerId;

/// Inspections under way at once: enough to start fast, few enough not to press the engine.
const AT_ONCE: usize = 8;
/// A container without a process, or whose cgroup is not there yet, is looked at again first after this time, each
/// time after twice as long, and this often: 13 s in all.
const RETRY: (Duration, u32) = (Duration::from_millis(50), 8);

/// When a container is looked at again, and how often it was already.
#[derive(Clone, Copy, Debug)]
struct Retry {
    /// `None` while it is being looked at.
    at: Option<Instant>,
    times: u32,
}

/// The inspections of one session with Docker.
#[derive(Debug, Default)]
pub(super) struct InspectionQueue {
    waiting: VecDeque<ContainerId>,
    busy: HashSet<ContainerId>,
    /// Being inspected, and something happened since that was asked.
    stale: HashSet<ContainerId>,
    retries: HashMap<ContainerId, Retry>,
}

impl InspectionQueue {
    /// Has a container inspected, after whatever inspection of it is under way.
    pub(super) fn want(&mut self, id: ContainerId) {
        if self.busy.contains(&id) {
            self.stale.insert(id);
        } else if !self.waiting.contains(&id) {
            self.waiting.push_back(id);
        }
    }

    /// The next container to inspect, if there is room for one more.
    pub(super) fn next(&mut self) -> Option<ContainerId> {
        if self.busy.len() >= AT_ONCE {
            return None;
        }
        let id = self.waiting.pop_front()?;
        self.busy.insert(id);
        Some(id)
    }

    /// An inspection is over. Whether its outcome tells the present: if not, another one waits.
    pub(super) fn is_current(&mut self, id: ContainerId) -> bool {
        self.busy.remove(&id);
        let current = !self.stale.remove(&id);
        if !current {
            self.waiting.push_back(id);
        }
        current
    }

    /// Has it looked at again later; `false` when it was looked at often enough.
    pub(super) fn retry(&mut self, id: ContainerId, now: Instant) -> bool {
        let times = self.retries.get(&id).map_or(0, |retry| retry.times);
        if times >= RETRY.1 {
            self.retries.remove(&id);
            return false;
        }
        let at = Some(now + RETRY.0 * 2_u32.pow(times));
        self.retries.insert(id, Retry { at, times: times + 1 });
        true
    }

    /// It is as it should be: no more retries.
    pub(super) fn settle(&mut self, id: ContainerId) {
        self.retries.remove(&id);
    }

    /// It is gone. An inspection that is under way may still find it, and is done again.
    pub(super) fn forget(&mut self, id: ContainerId) {
        self.retries.remove(&id);
        self.waiting.retain(|waiting| *waiting != id);
        if self.busy.contains(&id) {
            self.stale.insert(id);
        }
    }

    /// When the next retry is due.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.retries.values().filter_map(|retry| retry.at).min()
    }

    /// Wants every container whose retry is due.
    pub(super) fn want_due(&mut self, now: Instant) {
        let mut due = Vec::new();
        for (id, retry) in &mut self.retries {
            if retry.at.is_some_and(|at| at <= now) {
                retry.at = None;
                due.push(*id);
            }
        }
        for id in due {
            self.want(id);
        }
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.is_empty() && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ContainerId {
        ContainerId::from_bytes([number; 32])
    }

    #[test]
    fn an_event_during_an_inspection_has_it_done_again() {
        let mut queue = InspectionQueue::default();
        queue.want(id(1));
        queue.want(id(1));
        assert_eq!(queue.next(), Some(id(1)));
        assert_eq!(queue.next(), None);
        queue.want(id(1));
        assert!(!queue.is_current(id(1)));
        assert_eq!(queue.next(), Some(id(1)));
        assert!(queue.is_current(id(1)));
        assert!(queue.is_idle());
    }

    #[test]
    fn only_so_many_are_inspected_at_once() {
        let mut queue = InspectionQueue::default();
        for number in 0..20 {
            queue.want(id(number));
        }
        let taken = std::iter::from_fn(|| queue.next()).count();
        assert_eq!(taken, AT_ONCE);
    }

    #[test]
    fn retries_take_longer_each_time_and_end() {
        let mut queue = InspectionQueue::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        while queue.retry(id(1), now) {
            let next = queue.next_retry().unwrap();
            waits.push(next - now);
            queue.want_due(now);
            assert_eq!(queue.next(), None, "not before its time");
            now = next;
            queue.want_due(now);
            assert_eq!(queue.next(), Some(id(1)));
            assert!(queue.next_retry().is_none(), "not due again while it is looked at");
            queue.is_current(id(1));
        }
        assert_eq!(waits.len(), 8);
        assert!(waits.is_sorted() && waits[7] > waits[0]);
    }

    #[test]
    fn what_an_inspection_found_before_the_container_went_is_not_taken() {
        let mut queue = InspectionQueue::default();
        queue.want(id(1));
        assert_eq!(queue.next(), Some(id(1)));
        queue.forget(id(1));
        assert!(!queue.is_current(id(1)), "its answer may be of before");
        assert_eq!(queue.next(), Some(id(1)));
        assert!(queue.is_current(id(1)));
    }

    #[test]
    fn a_container_that_is_gone_is_not_inspected() {
        let mut queue = InspectionQueue::default();
        queue.want(id(1));
        queue.retry(id(1), Instant::now());
        queue.forget(id(1));
        assert!(queue.is_idle() && queue.next_retry().is_none());
    }
}
