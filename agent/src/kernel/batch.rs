//! All entries of the map of counters in a few system calls.
//!
//! aya has no call for `BPF_MAP_LOOKUP_BATCH` (kernel 5.6), so this is a thin one. The kernel walks the hash
//! bucket by bucket, fills `keys` and `values` with whole buckets and returns where it stopped; `ENOENT` means that
//! it came to the end, `ENOSPC` that one bucket alone is larger than the buffers.

#![expect(unsafe_code, reason = "a system call that takes addresses of buffers")]

use std::{
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
};

use agent_common::CgroupCounters;

/// Number of the command in `enum bpf_cmd`.
const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;
/// Kernel-internal number that leaks out of maps without the operation.
const ENOTSUPP: i32 = 524;
/// Keys a call is given room for at first.
const FIRST_CHUNK: usize = 256;
/// What the buffers may grow to so that one call reads the whole map.
const MOST_VALUE_BYTES: usize = 4 << 20;

/// The part of `union bpf_attr` that batch commands read (uapi/linux/bpf.h).
#[repr(C)]
#[derive(Default)]
struct BatchAttr {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

/// Why a batch could not be read.
#[derive(Debug)]
pub enum BatchUnsupported {
    /// The kernel has no such command for this map.
    ByKernel,
    /// It has, and it failed.
    Failed(io::Error),
}

/// Buffers for reading a whole per-CPU map, kept from read to read.
#[derive(Debug)]
pub struct BatchReader {
    possible_cpus: usize,
    keys: Vec<u64>,
    /// `possible_cpus` values for each key.
    values: Vec<CgroupCounters>,
}

/// The sum of a cgroup's counters over its CPUs.
pub(super) fn sum<'a>(per_cpu: impl Iterator<Item = &'a CgroupCounters>) -> CgroupCounters {
    per_cpu.fold(CgroupCounters::ZERO, |total, cpu| each(total, *cpu, u64::wrapping_add))
}

/// What `later` has more than `earlier`.
pub(super) fn difference(later: CgroupCounters, earlier: CgroupCounters) -> CgroupCounters {
    each(later, earlier, u64::wrapping_sub)
}

/// Both, counter by counter.
fn each(one: CgroupCounters, other: CgroupCounters, combine: impl Fn(u64, u64) -> u64) -> CgroupCounters {
    CgroupCounters {
        rx_bytes: combine(one.rx_bytes, other.rx_bytes),
        rx_packets: combine(one.rx_packets, other.rx_packets),
        rx_more_segments: combine(one.rx_more_segments, other.rx_more_segments),
        tx_bytes: combine(one.tx_bytes, other.tx_bytes),
        tx_packets: combine(one.tx_packets, other.tx_packets),
        tx_more_segments: combine(one.tx_more_segments, other.tx_more_segments),
        loopback_rx_bytes: combine(one.loopback_rx_bytes, other.loopback_rx_bytes),
        loopback_tx_bytes: combine(one.loopback_tx_bytes, other.loopback_tx_bytes),
        cpu_ns: combine(one.cpu_ns, other.cpu_ns),
    }
}

impl BatchReader {
    /// Room for the first chunk; it grows if a bucket asks for more.
    pub fn new(possible_cpus: usize) -> Self {
        let mut reader = Self {
            possible_cpus,
            keys: Vec::new(),
            values: Vec::new(),
        };
        reader.resize(FIRST_CHUNK);
        reader
    }

    fn resize(&mut self, keys: usize) {
        self.keys.resize(keys, 0);
        self.values.resize(keys * self.possible_cpus, CgroupCounters::ZERO);
    }

    /// Grows, if need be and as far as is affordable, so that the next read takes one call.
    fn make_room_for(&mut self, entries: usize) {
        let bytes_per_key = self.possible_cpus.saturating_mul(size_of::<CgroupCounters>()).max(1);
        let wanted = entries.next_power_of_two().min(MOST_VALUE_BYTES / bytes_per_key);
        if wanted > self.keys.len() {
            self.resize(wanted);
        }
    }

    /// Appends every entry of `map`, summed over CPUs. An entry that is made meanwhile may be missing.
    pub fn read_all(
        &mut self,
        map: BorrowedFd<'_>,
        out: &mut Vec<(u64, CgroupCounters)>,
    ) -> Result<(), BatchUnsupported> {
        let mut position: Option<u32> = None;
        let mut entries = 0;
        loop {
            let (filled, next, outcome) = self.call(map, position);
            let at_end = match outcome {
                Ok(()) => false,
                Err(error) => match error.raw_os_error() {
                    Some(libc::ENOENT) => true,
                    Some(libc::ENOSPC) => {
                        self.resize(self.keys.len() * 2);
                        continue;
                    }
                    Some(libc::EINVAL | libc::EOPNOTSUPP | ENOTSUPP) if position.is_none() => {
                        return Err(BatchUnsupported::ByKernel);
                    }
                    Some(libc::EINTR | libc::EAGAIN) => continue,
                    _ => return Err(BatchUnsupported::Failed(error)),
                },
            };
            let values = self.values.chunks_exact(self.possible_cpus);
            out.extend(
                self.keys
                    .iter()
                    .zip(values)
                    .take(filled)
                    .map(|(&key, cpus)| (key, sum(cpus.iter()))),
            );
            entries += filled;
            if at_end {
                self.make_room_for(entries);
                return Ok(());
            }
            position = Some(next);
        }
    }

    /// One system call: how many entries it filled, where it stopped, and how it ended.
    fn call(&mut self, map: BorrowedFd<'_>, position: Option<u32>) -> (usize, u32, io::Result<()>) {
        let mut next: u32 = 0;
        let mut attr = BatchAttr {
            in_batch: position.as_ref().map_or(0, |position| (&raw const *position) as u64),
            out_batch: (&raw mut next) as u64,
            keys: self.keys.as_mut_ptr() as u64,
            values: self.values.as_mut_ptr() as u64,
            count: u32::try_from(self.keys.len()).unwrap_or(u32::MAX),
            map_fd: map.as_raw_fd().cast_unsigned(),
            ..BatchAttr::default()
        };
        // SAFETY: the attribute is as long as said. Its addresses are of buffers that live through the call:
        // `count` keys of 8 bytes, as many values of `possible_cpus` times 72 bytes (a multiple of 8, so the kernel
        // adds no padding between CPUs), and two `u32` positions, which is the size the kernel uses for a hash.
        // All of them are plain integers, so whatever is written is a value.
        let returned = unsafe {
            libc::syscall(
                libc::SYS_bpf,
                BPF_MAP_LOOKUP_BATCH,
                &raw mut attr,
                size_of::<BatchAttr>(),
            )
        };
        let outcome = if returned < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        };
        (attr.count as usize, next, outcome)
    }
}

const _: () = assert!(size_of::<BatchAttr>() == 56);
const _: () = assert!(size_of::<CgroupCounters>().is_multiple_of(8));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_grow_to_the_size_of_the_map_and_no_further_than_is_affordable() {
        let mut reader = BatchReader::new(2);
        for (entries, keys) in [
            (0, 256),
            (256, 256),
            (257, 512),
            (100, 512),
            (1_000_000, MOST_VALUE_BYTES / 144),
        ] {
            reader.make_room_for(entries);
            assert_eq!((reader.keys.len(), reader.values.len()), (keys, 2 * keys), "{entries}");
        }
        let mut reader = BatchReader::new(8192);
        reader.make_room_for(1_000_000);
        assert_eq!(
            reader.keys.len(),
            FIRST_CHUNK,
            "it never shrinks below what it began with"
        );
    }
}
