//! The agent's own code in memory.
//!
//! Reading flags, looking through the kernel's BTF, and verifying and attaching programs run once and take more of the executable
//! than all that comes after. Its pages would stay mapped, and count as memory of the agent, for as long as it lives.

#![expect(unsafe_code, reason = "a system call that takes an address")]

use std::{fs, path::Path, ptr};

use procfs::process::{MMPermissions, MMapPath, MemoryMap, Process};

/// Takes the executable's code out of the agent's memory. What is run again comes back from the page cache, a few pages at a
/// time. Where the mappings cannot be read everything stays as it is.
pub fn unmap() {
    advise(libc::MADV_DONTNEED);
}

fn advise(advice: libc::c_int) {
    let Ok(executable) = fs::read_link("/proc/self/exe") else {
        return;
    };
    let maps = Process::myself().and_then(|process| process.maps());
    for map in maps.into_iter().flatten().filter(|map| is_code(map, &executable)) {
        let (Ok(start), Ok(end)) = (usize::try_from(map.address.0), usize::try_from(map.address.1)) else {
            continue;
        };
        let address = ptr::without_provenance_mut::<libc::c_void>(start);
        // SAFETY: the range is one mapping of this process, of a file and without the right to write, so that each of its
        // pages is as it is in the file: one that is taken away is read from there again before it is run.
        let _stays_on_error = unsafe { libc::madvise(address, end.saturating_sub(start), advice) };
    }
}

/// Code is never written to. Data that only may not be written to any more was, when addresses were put into it at the start:
/// its pages are not those of the file.
fn is_code(map: &MemoryMap, executable: &Path) -> bool {
    let is_pure = map.perms.contains(MMPermissions::EXECUTE) && !map.perms.contains(MMPermissions::WRITE);
    is_pure && matches!(&map.pathname, MMapPath::Path(path) if path == executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of code that are mapped, in KiB.
    fn mapped_kib() -> u64 {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        let executable = fs::read_link("/proc/self/exe").unwrap().display().to_string();
        let mut is_code = false;
        let mut sum = 0;
        for line in smaps.lines() {
            if line.ends_with(&executable) {
                is_code = line.contains(" r-xp ");
            } else if let Some(rest) = line.strip_prefix("Rss:").filter(|_| is_code) {
                sum += rest.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
                is_code = false;
            }
        }
        sum
    }

    #[test]
    fn code_leaves_memory_and_runs_on() {
        advise(libc::MADV_POPULATE_READ);
        let before = mapped_kib();
        unmap();
        let after = mapped_kib();
        // other tests run beside this one and take their own code back
        assert!(after < before / 2, "{before} KiB, then {after} KiB");
    }
}
