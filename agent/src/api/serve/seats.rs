//! How many connections there may be, and who goes when one more comes.
//!
//! A connection on which no request is being answered holds its seat only as long as nobody else wants it. Of those, one
//! whose caller has shown nothing goes before all of whom the agent knows. Of each kind, one that never had a request goes
//! first, and of these the one that has waited longest; one that still takes its reply goes last. So a thousand callers that
//! send half a request each keep nobody out, nor do those who take forever over a page that is open to all, and none of them
//! ends a connection that is in use.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// All seats of the server.
#[derive(Clone, Debug)]
pub(super) struct Seats(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    most: usize,
    next: u64,
    /// By the order in which they were taken.
    taken: HashMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    leave: CancellationToken,
    /// Whether a request is being answered on it.
    is_busy: bool,
    /// Whether its caller has shown who they are.
    is_known: bool,
    /// Whether a reply lies there that its caller has not taken yet.
    is_blocked: Arc<AtomicBool>,
    /// Whether a request was answered on it.
    was_used: bool,
    /// Since when it is not busy, in turns of the counter.
    rests_since: u64,
}

/// One connection's seat; free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    number: u64,
    leave: CancellationToken,
    is_blocked: Arc<AtomicBool>,
}

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            most,
            next: 0,
            taken: HashMap::new(),
        })))
    }

    /// A seat for one more, if need be that of the one that has rested longest; `None` if all are being answered.
    pub(super) fn take(&self) -> Option<Seat> {
        let mut inner = self.lock();
        if inner.taken.len() >= inner.most {
            let resting = inner.taken.iter().filter(|(_, taken)| !taken.is_busy);
            let (&longest, _) = resting.min_by_key(|(_, taken)| {
                let is_blocked = taken.is_blocked.load(Ordering::Relaxed);
                (taken.is_known, is_blocked, taken.was_used, taken.rests_since)
            })?;
            if let Some(taken) = inner.taken.remove(&longest) {
                taken.leave.cancel();
            }
        }
        let number = inner.turn();
        let (leave, is_blocked) = (CancellationToken::new(), Arc::<AtomicBool>::default());
        inner.taken.insert(
            number,
            Taken {
                leave: leave.clone(),
                is_busy: false,
                is_known: false,
                is_blocked: Arc::clone(&is_blocked),
                was_used: false,
                rests_since: number,
            },
        );
        Some(Seat {
            seats: self.clone(),
            number,
            leave,
            is_blocked,
        })
    }

    /// Whether one more would have to take somebody's.
    pub(super) fn are_all_taken(&self) -> bool {
        let inner = self.lock();
        inner.taken.len() >= inner.most
    }

    /// How many are taken.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().taken.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Seat {
    /// Keeps the seat while a request is answered.
    pub(super) fn set_busy(&self, is_busy: bool) {
        let mut inner = self.seats.lock();
        let turn = inner.turn();
        if let Some(taken) = inner.taken.get_mut(&self.number) {
            taken.was_used |= taken.is_busy;
            taken.is_busy = is_busy;
            taken.rests_since = turn;
        }
    }

    /// Notes that its caller has shown who they are.
    pub(super) fn set_known(&self) {
        let mut inner = self.seats.lock();
        if let Some(taken) = inner.taken.get_mut(&self.number) {
            taken.is_known = true;
        }
    }

    /// To be kept up to date: whether a reply lies there that its caller has not taken yet.
    pub(super) fn is_blocked(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_blocked)
    }

    /// Whether a request is being answered, or its reply taken.
    pub(super) fn is_in_use(&self) -> bool {
        let inner = self.seats.lock();
        let is_busy = inner.taken.get(&self.number).is_some_and(|taken| taken.is_busy);
        is_busy || self.is_blocked.load(Ordering::Relaxed)
    }

    /// Waits until the seat is given to somebody else.
    pub(super) async fn lost(&self) {
        self.leave.cancelled().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_lost(seat: &Seat) -> bool {
        seat.leave.is_cancelled()
    }

    #[test]
    fn whoever_has_rested_longest_makes_room() {
        let seats = Seats::new(3);
        let [first, second, third] = [(); 3].map(|()| seats.take().unwrap());
        let use_it = |seat: &Seat| [true, false].into_iter().for_each(|is_busy| seat.set_busy(is_busy));
        use_it(&first);
        let fourth = seats.take().unwrap();
        assert!(is_lost(&second) && !is_lost(&first) && !is_lost(&third));
        let fifth = seats.take().unwrap();
        assert!(is_lost(&third) && !is_lost(&first), "it was of use");
        [&fifth, &fourth].into_iter().for_each(use_it);
        let _sixth = seats.take().unwrap();
        assert!(is_lost(&first) && !is_lost(&fourth) && !is_lost(&fifth));
        assert_eq!(seats.len(), 3);
    }

    #[test]
    fn whoever_still_takes_a_reply_goes_last() {
        let seats = Seats::new(2);
        let [first, second] = [(); 2].map(|()| seats.take().unwrap());
        first.is_blocked().store(true, Ordering::Relaxed);
        let _third = seats.take().unwrap();
        assert!(is_lost(&second) && !is_lost(&first), "the other had rested for less");
    }

    #[test]
    fn strangers_who_take_their_time_over_a_reply_go_before_any_caller_who_is_known() {
        let seats = Seats::new(3);
        let [known, stranger, slow] = [(); 3].map(|()| seats.take().unwrap());
        known.set_known();
        let use_it = |seat: &Seat| [true, false].into_iter().for_each(|is_busy| seat.set_busy(is_busy));
        [&known, &stranger, &slow].into_iter().for_each(use_it);
        slow.is_blocked().store(true, Ordering::Relaxed);
        let fourth = seats.take().unwrap();
        assert!(is_lost(&stranger) && !is_lost(&known) && !is_lost(&slow));
        use_it(&fourth);
        fourth.set_known();
        let _fifth = seats.take().unwrap();
        assert!(is_lost(&slow) && !is_lost(&known) && !is_lost(&fourth));
    }

    #[test]
    fn nobody_who_is_being_answered_has_to_go() {
        let seats = Seats::new(2);
        let taken = [(); 2].map(|()| seats.take().unwrap());
        for seat in &taken {
            seat.set_busy(true);
        }
        assert!(seats.take().is_none());
        assert!(!taken.iter().any(is_lost));
        let [first, second] = taken;
        drop(first);
        let third = seats.take().unwrap();
        assert!(seats.take().is_some(), "the one that rests makes room");
        assert!(is_lost(&third) && second.is_in_use());
    }

    #[test]
    fn a_seat_that_was_lost_frees_no_other() {
        let seats = Seats::new(1);
        let first = seats.take().unwrap();
        let second = seats.take().unwrap();
        drop(first);
        assert_eq!(seats.len(), 1);
        assert!(!is_lost(&second));
    }
}
