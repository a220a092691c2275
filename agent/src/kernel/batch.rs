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

    /// Appends every entry of `map`, summed over CPUs. An entry that is made meanwhile may be missing.
    pub fn read_all(
        &mut self,
        map: BorrowedFd<'_>,
        out: &mut Vec<(u64, CgroupCounters)>,
    ) -> Result<(), BatchUnsupported> {
        let mut position: Option<u32> = None;
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
            if at_end {
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
