//! Capabilities: which are kept, and giving up the others for good.

use std::path::Path;

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    io::Errno,
    thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set,
        set_capabilities,
    },
};

use super::Remaining;

/// From here on `bpf()` on a descriptor that is held needs no capability, whatever
/// `kernel.unprivileged_bpf_disabled` says.
const BPF_BY_DESCRIPTOR: (u32, u32) = (5, 19);

/// What the kernel asks for, for things that the agent goes on doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether it reads counters from kernel maps.
    pub reads_maps: bool,
    /// The kernel's release, as `uname` tells it.
    pub kernel_release: String,
    /// Whether `/proc` hides the processes of others (`hidepid`).
    pub proc_is_hidden: bool,
}

impl Needs {
    /// Looks at this machine.
    pub fn look(reads_maps: bool) -> Self {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self {
            reads_maps,
            kernel_release: rustix::system::uname().release().to_string_lossy().into_owned(),
            proc_is_hidden: hides_processes(&mounts),
        }
    }
}

/// Whether a proc file system of this mountinfo hides the processes of others.
fn hides_processes(mountinfo: &str) -> bool {
    mountinfo
        .lines()
        .filter_map(|line| line.split_once(" - proc ").map(|(_, options)| options))
        .flat_map(|options| options.split([' ', ',']))
        .filter_map(|option| option.strip_prefix("hidepid="))
        .any(|value| !matches!(value, "0" | "off"))
}

/// The capabilities that are of use for the whole life of the agent.
pub fn kept(needs: &Needs) -> CapabilitySet {
    let mut kept = CapabilitySet::empty();
    let asks_for_bpf = version(&needs.kernel_release).is_none_or(|version| version < BPF_BY_DESCRIPTOR);
    if needs.reads_maps && asks_for_bpf {
        kept |= CapabilitySet::BPF;
    }
    if needs.proc_is_hidden {
        kept |= CapabilitySet::SYS_PTRACE;
    }
    kept
}

/// The first two numbers of a release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|character: char| !character.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Gives up all others, for this process and whatever it could start.
pub(super) fn give_up(remaining: &Remaining) -> Result<String, String> {
    let has = capabilities(None).map_err(|error| error.to_string())?;
    let mut keep = kept(&remaining.needs) & has.permitted;
    // Tried rather than reckoned: who may open a file is the business of owners, groups and access lists.
    use_only(has.permitted, keep)?;
    if !files_are_usable(remaining) && has.permitted.contains(CapabilitySet::DAC_OVERRIDE) {
        keep |= CapabilitySet::DAC_OVERRIDE;
    }
    use_only(has.permitted, has.permitted)?;
    let _unsupported = clear_ambient_capability_set();
    for capability in has.permitted.iter().filter(|one| !keep.contains(*one)) {
        // Without CAP_SETPCAP the bounding set stays; no_new_privs keeps it from being of use.
        if remove_capability_from_bounding_set(capability).is_err() {
            break;
        }
    }
    use_only(keep, keep)?;
    Ok(if keep.is_empty() {
        "none is kept".to_owned()
    } else {
        let names: Vec<_> = keep.iter_names().map(|(name, _)| format!("CAP_{name}")).collect();
        format!("{} kept", names.join(", "))
    })
}

fn use_only(permitted: CapabilitySet, effective: CapabilitySet) -> Result<(), String> {
    let sets = CapabilitySets {
        effective,
        permitted,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).map_err(|error| error.to_string())
}

/// Whether what is opened again later can be, with the capabilities that are in effect now.
fn files_are_usable(remaining: &Remaining) -> bool {
    let may = |path: &Path, access: Access| {
        !matches!(
            accessat(CWD, path, access, AtFlags::EACCESS),
            Err(Errno::ACCESS | Errno::PERM)
        )
    };
    let sockets = remaining.docker_socket.iter().map(|path| may(path, Access::WRITE_OK));
    let files = remaining.read_again.iter().map(|path| may(path, Access::READ_OK));
    let directories = remaining
        .own_sockets
        .iter()
        .map(|path| may(super::directory_of(path), Access::WRITE_OK));
    sockets.chain(files).chain(directories).all(|usable| usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_kernel_asks_for_is_kept() {
        for (reads_maps, kernel_release, proc_is_hidden, expected) in [
            (true, "6.18.44", false, CapabilitySet::empty()),
            (true, "5.19.0-rc1", false, CapabilitySet::empty()),
            (true, "5.18.9-amd64", false, CapabilitySet::BPF),
            (true, "5.10.0-32-cloud-amd64", false, CapabilitySet::BPF),
            (true, "unknown", false, CapabilitySet::BPF),
            (false, "5.10.0", false, CapabilitySet::empty()),
            (false, "6.1", true, CapabilitySet::SYS_PTRACE),
        ] {
            let needs = Needs {
                reads_maps,
                kernel_release: kernel_release.to_owned(),
                proc_is_hidden,
            };
            assert_eq!(kept(&needs), expected, "{needs:?}");
        }
    }

    #[test]
    fn hidden_processes_are_found_in_the_mount_of_proc() {
        let line = |options: &str| format!("22 28 0:21 / /proc rw,nosuid shared:5 - proc proc rw{options}\n");
        assert!(!hides_processes(&line("")));
        assert!(!hides_processes(&line(",hidepid=off")));
        assert!(!hides_processes("30 28 0:25 / /x rw - tmpfs tmpfs rw,hidepid=2"));
        assert!(hides_processes(&line(",hidepid=invisible,gid=4")));
        assert!(hides_processes(&format!("{}{}", line(""), line(",hidepid=2"))));
    }
}
