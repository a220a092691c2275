//! Indices that are promised to containers which are being made: two creations at once never get the same one.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::containers::naming::{ServiceName, instance_index, smallest_free_index};

/// Promised indices of all services.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    promised: Mutex<HashSet<(ServiceName, u32)>>,
}

/// One promised index, given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    key: (ServiceName, u32),
    of: Arc<Reservations>,
}

impl Reservations {
    /// Promises the smallest positive index that no container of the service has and that nobody else was promised.
    pub(super) fn reserve<'a>(
        self: &Arc<Self>,
        service: &ServiceName,
        existing_names: impl Iterator<Item = &'a str>,
    ) -> Reservation {
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        let existing = existing_names.filter_map(|name| instance_index(service, name));
        let pending = promised.iter().filter(|(of, _)| of == service).map(|(_, index)| *index);
        let index = smallest_free_index(existing.chain(pending));
        let key = (service.clone(), index);
        promised.insert(key.clone());
        Reservation {
            key,
            of: Arc::clone(self),
        }
    }
}

impl Reservation {
    pub(super) fn index(&self) -> u32 {
        self.key.1
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.of
            .promised
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_reservations_share_an_index_and_a_dropped_one_is_free_again() {
        let reservations = Arc::new(Reservations::default());
        let web: ServiceName = "web".parse().unwrap();
        let names = ["web-1-17", "web-3-4", "web-x", "other-2-2"];
        let first = reservations.reserve(&web, names.into_iter());
        let second = reservations.reserve(&web, names.into_iter());
        assert_eq!((first.index(), second.index()), (2, 4));
        let other: ServiceName = "other".parse().unwrap();
        assert_eq!(reservations.reserve(&other, ["other-2-2"].into_iter()).index(), 1);
        drop(first);
        assert_eq!(reservations.reserve(&web, names.into_iter()).index(), 2);
    }
}
