//! The map of slot owners as memory: a program sees each owner whole, at whatever moment it looks. An update through the system
//! call is a copy, of which a program could see a part.

#![expect(unsafe_code, reason = "a map shared with the kernel as memory")]

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr::{self, NonNull},
    sync::atomic::{AtomicU64, Ordering},
};

use agent_common::SLOTS;

/// The mapping; dropping it ends it.
#[derive(Debug)]
pub(super) struct Owners(NonNull<AtomicU64>);

// SAFETY: the mapping belongs to no thread, and is reached through atomics only.
unsafe impl Send for Owners {}

const BYTES: usize = SLOTS * size_of::<AtomicU64>();

impl Owners {
    /// Maps the map, whose only value is an array of [`SLOTS`] numbers.
    pub(super) fn map(map: BorrowedFd<'_>) -> io::Result<Self> {
        // SAFETY: a new mapping at an address that the kernel chooses; nothing of ours is touched.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                map.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast())
            .map(Self)
            .ok_or_else(io::Error::last_os_error)
    }

    /// From now on the slot at `place` is this cgroup's; 0 for nobody's.
    pub(super) fn set(&mut self, place: usize, cgroup_id: u64) {
        assert!(place < SLOTS, "a place is below the number of slots");
        // SAFETY: within the mapping, which lives as long as this; page-aligned, so each number is aligned.
        unsafe { self.0.add(place).as_ref() }.store(cgroup_id, Ordering::Release);
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        // SAFETY: mapped by us with this length, and nobody has a reference into it.
        let _result = unsafe { libc::munmap(self.0.as_ptr().cast(), BYTES) };
    }
}
