//! System calls (seccomp): what no part of a running agent does is refused, whoever makes it do so.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};

/// Refused whatever their arguments.
const REFUSED: [libc::c_long; 57] = [
    // other programs
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // the kernel
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_acct,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_kexec_file_load,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    // calls that this filter would not see
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // whose a file is and who may use it, which Landlock lets through
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
    // the view of the machine
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_open_by_handle_at,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_mount_setattr,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
];

/// Newer than what libc names; the same number everywhere (arch/*/kernel/syscalls).
const FCHMODAT2: libc::c_long = 452;

/// Older forms of the same, which younger machines do not have.
#[cfg(target_arch = "x86_64")]
const REFUSED_OLD: &[libc::c_long] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_OLD: &[libc::c_long] = &[];

/// Flags of `clone()` that make a namespace (clone(2)): in one of users a process has every capability.
const REFUSED_CLONE: [libc::c_int; 8] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWTIME,
];

/// Commands of `bpf()` that load, make or attach (uapi/linux/bpf.h): reading through descriptors stays.
const REFUSED_BPF: [u64; 10] = [
    0,  // BPF_MAP_CREATE
    5,  // BPF_PROG_LOAD
    6,  // BPF_OBJ_PIN
    7,  // BPF_OBJ_GET
    8,  // BPF_PROG_ATTACH
    9,  // BPF_PROG_DETACH
    17, // BPF_RAW_TRACEPOINT_OPEN
    18, // BPF_BTF_LOAD
    28, // BPF_LINK_CREATE
    29, // BPF_LINK_UPDATE
];

pub(super) fn restrict() -> Result<String, String> {
    for program in [refusing(), hiding()] {
        let program = program.map_err(|error| error.to_string())?;
        apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    }
    Ok(format!(
        "{} refused, namespaces, and {} commands of bpf()",
        REFUSED.len() + REFUSED_OLD.len(),
        REFUSED_BPF.len()
    ))
}

/// Answers EPERM.
fn refusing() -> Result<BpfProgram, seccompiler::BackendError> {
    let calls = REFUSED.iter().chain(REFUSED_OLD);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = calls.map(|call| (*call, Vec::new())).collect();
    let of_bpf = REFUSED_BPF.map(|command| first_argument(SeccompCmpOp::Eq, command));
    rules.insert(libc::SYS_bpf, of_bpf.into_iter().collect::<Result<_, _>>()?);
    let of_clone = REFUSED_CLONE.map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        first_argument(SeccompCmpOp::MaskedEq(flag), flag)
    });
    rules.insert(libc::SYS_clone, of_clone.into_iter().collect::<Result<_, _>>()?);
    compile(rules, libc::EPERM)
}

/// Answers ENOSYS: the flags of `clone3()` lie in memory, where no filter sees them, and the C library takes `clone()` where the
/// kernel has no other.
fn hiding() -> Result<BpfProgram, seccompiler::BackendError> {
    compile(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

fn first_argument(operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        operator,
        value,
    )?])
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    answer: libc::c_int,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let refused = SeccompAction::Errno(answer.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refused, std::env::consts::ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_can_be_compiled_for_this_machine() {
        assert!(refusing().unwrap().len() > REFUSED.len());
        assert!(!hiding().unwrap().is_empty());
    }
}
