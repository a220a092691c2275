//! Reading what the programs counted.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    time::Instant,
};

use agent_common::{CgroupCounters, Lineage, LossKind, names};
use aya::{
    Ebpf,
    maps::{HashMap, MapData, MapError, PerCpuArray, PerCpuHashMap},
    programs::{ProgramError, RawTracePoint, RawTracePointRunOptions, TestRun as _},
};
use aya_log::EbpfLogger;

use super::{
    batch::{BatchReader, BatchUnsupported},
    load::KernelError,
    slot_maps::SlotMaps,
};

/// Updates that could not be counted since the start, over all CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// The map had no room for another cgroup. From here on a cgroup without an entry is unknown, not idle.
    pub map_full: u64,
    /// An entry could not be made for another reason.
    pub no_entry: u64,
    /// A lineage could not be kept: that leaf is found by its path.
    pub no_lineage: u64,
    /// The time of a task on a CPU, up to a slice of it, could not be told.
    pub missed_switch: u64,
}

/// How often a kernel program ran, where the kernel counts that (`kernel.bpf_stats_enabled`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramRuns {
    /// Its name.
    pub name: String,
    /// Runs that were counted.
    pub runs: u64,
    /// How long they took together, in ns.
    pub run_ns: u64,
}

/// The maps that are read.
pub(super) struct Maps {
    pub(super) counters: PerCpuHashMap<MapData, u64, CgroupCounters>,
    /// The same map, for the batch reader.
    pub(super) counters_fd: OwnedFd,
    pub(super) slots: SlotMaps,
    pub(super) lineages: HashMap<MapData, u64, Lineage>,
    pub(super) losses: PerCpuArray<MapData, [u64; LossKind::COUNT]>,
}

/// The attached programs and their maps. Dropping it detaches everything.
pub struct KernelCounters {
    maps: Maps,
    messages: Option<EbpfLogger<&'static dyn log::Log>>,
    batch: Option<BatchReader>,
    /// The program that charges running tasks.
    flush: &'static str,
    /// Off only in the test that proves why it is on.
    flush_running: bool,
    /// Owns programs and links.
    ebpf: Ebpf,
}

impl std::fmt::Debug for KernelCounters {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KernelCounters")
            .field("batch", &self.batch.is_some())
            .finish_non_exhaustive()
    }
}

impl KernelCounters {
    pub(super) fn new(
        ebpf: Ebpf,
        maps: Maps,
        messages: Option<EbpfLogger<&'static dyn log::Log>>,
        flush: &'static str,
        flush_running: bool,
    ) -> Result<Self, KernelError> {
        let possible_cpus = aya::util::nr_cpus().map_err(|(_, source)| KernelError::Read {
            map: names::COUNTERS,
            source,
        })?;
        Ok(Self {
            maps,
            messages,
            batch: Some(BatchReader::new(possible_cpus)),
            flush,
            flush_running,
            ebpf,
        })
    }

    /// Charges the running tasks, then reads every cgroup's counters into `out`, which is emptied first.
    ///
    /// Returns the moment at which the figures were true. Each counter is whole; two counters of one cgroup may
    /// differ by the packet that arrived between them.
    pub fn read(&mut self, out: &mut Vec<(u64, CgroupCounters)>) -> Result<Instant, KernelError> {
        if self.flush_running {
            self.flush()?;
        }
        let at = Instant::now();
        out.clear();
        self.read_counters(out)?;
        self.maps.slots.complete(out)?;
        if let Some(messages) = &mut self.messages {
            messages.flush();
        }
        Ok(at)
    }

    fn read_counters(&mut self, out: &mut Vec<(u64, CgroupCounters)>) -> Result<(), KernelError> {
        if let Some(batch) = &mut self.batch {
            match batch.read_all(self.maps.counters_fd.as_fd(), out) {
                Ok(()) => return Ok(()),
                Err(BatchUnsupported::ByKernel) => {
                    tracing::info!("this kernel has no batch lookup; maps are read key by key");
                    self.batch = None;
                    out.clear();
                }
                Err(BatchUnsupported::Failed(source)) => {
                    return Err(KernelError::Read {
                        map: names::COUNTERS,
                        source,
                    });
                }
            }
        }
        for entry in &self.maps.counters {
            let (cgroup_id, per_cpu) = entry.map_err(map_error(names::COUNTERS))?;
            out.push((cgroup_id, super::batch::sum(per_cpu.iter())));
        }
        Ok(())
    }

    /// Runs the program once on each online CPU, which charges the task that runs there now. Without it a task that
    /// never gives up its CPU would read 0 %.
    pub(super) fn flush(&mut self) -> Result<(), KernelError> {
        let name = self.flush;
        // Each time: what runs on a CPU that has come back would be charged late, and then all at once.
        let online_cpus = read_online_cpus()?;
        let missing = KernelError::Missing { kind: "program", name };
        let program: &RawTracePoint = match self.ebpf.program(name).map(TryInto::try_into) {
            Some(Ok(program)) => program,
            _ => return Err(missing),
        };
        for cpu in online_cpus {
            let options = RawTracePointRunOptions {
                cpu: Some(cpu),
                ..RawTracePointRunOptions::default()
            };
            match program.test_run(options) {
                Ok(_) => {}
                Err(error) if went_offline(&error) => {}
                Err(source) => {
                    return Err(KernelError::Program {
                        program: name,
                        step: format!("run on CPU {cpu}"),
                        source: Box::new(source),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether CPU time is time by the clock, and not the scheduler's account.
    pub fn reads_the_clock(&self) -> bool {
        self.flush == names::CHARGE_CPU
    }

    /// The ancestors of a leaf, if they were kept. They stay known after the cgroup is gone.
    pub fn lineage(&self, cgroup_id: u64) -> Option<Lineage> {
        self.maps.lineages.get(&cgroup_id, 0).ok()
    }

    /// Gives an entry's room back. Only for a cgroup that is gone and whose counters have stopped: the slot is
    /// used again at once.
    pub fn forget(&mut self, cgroup_id: u64) -> Result<(), KernelError> {
        self.maps.slots.give_back(cgroup_id);
        for (map, removed) in [
            (names::COUNTERS, self.maps.counters.remove(&cgroup_id)),
            (names::LINEAGES, self.maps.lineages.remove(&cgroup_id)),
        ] {
            match removed {
                Ok(()) | Err(MapError::KeyNotFound) => {}
                Err(MapError::SyscallError(error)) if error.io_error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(map_error(map)(error)),
            }
        }
        Ok(())
    }

    /// How often the programs ran and for how long, where the kernel counts that: it is a switch of the administrator's.
    pub fn program_runs(&self) -> Vec<ProgramRuns> {
        let known = self.ebpf.programs().filter_map(|(name, program)| {
            // One that this kernel did not take has no such thing.
            let info = program.info().ok()?;
            Some(ProgramRuns {
                name: name.to_owned(),
                runs: info.run_count(),
                run_ns: u64::try_from(info.run_time().as_nanos()).ok()?,
            })
        });
        known.filter(|program| program.runs > 0).collect()
    }

    /// What could not be counted since the start.
    pub fn losses(&self) -> Result<Losses, KernelError> {
        let per_cpu = self.maps.losses.get(&0, 0).map_err(map_error(names::LOSSES))?;
        let total = |kind: LossKind| per_cpu.iter().map(|cpu| cpu[kind as usize]).sum();
        Ok(Losses {
            map_full: total(LossKind::MapFull),
            no_entry: total(LossKind::NoEntry),
            no_lineage: total(LossKind::NoLineage),
            missed_switch: total(LossKind::MissedSwitch),
        })
    }
}

fn map_error(map: &'static str) -> impl Fn(MapError) -> KernelError {
    move |source| KernelError::Map {
        map,
        source: Box::new(source),
    }
}

/// A CPU that was taken offline since the list was read has nothing to flush.
fn went_offline(error: &ProgramError) -> bool {
    matches!(error, ProgramError::SyscallError(error) if error.io_error.raw_os_error() == Some(libc::ENXIO))
}

fn read_online_cpus() -> Result<Vec<u32>, KernelError> {
    aya::util::online_cpus().map_err(|(path, source)| KernelError::File {
        step: "reading",
        path: path.into(),
        source,
    })
}
