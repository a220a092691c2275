use super::*;

fn good() -> KernelFacts {
    KernelFacts {
        capabilities: Some(CAP_BPF | CAP_PERFMON | CAP_NET_ADMIN),
        v2_mount: Some("/sys/fs/cgroup".into()),
        v2_is_true_root: true,
        task_layout: Ok(TaskLayout::UNKNOWN),
        current_task: Probe::Yes,
        tickless_cpus: false,
        cgroup_skb: Probe::Yes,
        raw_tracepoint: Probe::Yes,
        skb_cgroup_id: Probe::Yes,
        skb_ancestor: Probe::Yes,
        current_cgroup_id: Probe::Yes,
        current_ancestor: Probe::Yes,
        percpu_hash: Probe::Yes,
        ring_buffer: Probe::Yes,
        clock_source: Some("tsc".into()),
        jit: Some(true),
        possible_cpus: 2,
    }
}

#[test]
fn a_kernel_that_has_everything_counts() {
    let plan = plan(&good(), 100).unwrap();
    assert_eq!(plan.max_cgroups, 712);
    assert!(plan.current_ancestor);
}

#[test]
fn a_kernel_without_the_ancestor_helper_counts_without_it() {
    let facts = KernelFacts {
        current_ancestor: Probe::No,
        ..good()
    };
    assert!(!plan(&facts, 100).unwrap().current_ancestor);
}

#[test]
fn what_is_missing_is_named_with_the_remedy() {
    let table: Vec<(KernelFacts, &str)> = vec![
        (
            KernelFacts {
                capabilities: Some(CAP_BPF | CAP_PERFMON),
                ..good()
            },
            "CAP_NET_ADMIN",
        ),
        (
            KernelFacts {
                capabilities: Some(0),
                ..good()
            },
            "CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN",
        ),
        (
            KernelFacts {
                capabilities: None,
                ..good()
            },
            "CAP_BPF",
        ),
        (
            KernelFacts {
                v2_mount: None,
                ..good()
            },
            "no cgroup v2 tree",
        ),
        (
            KernelFacts {
                v2_is_true_root: false,
                ..good()
            },
            "/sys/fs/cgroup is not the root",
        ),
        (
            KernelFacts {
                cgroup_skb: Probe::No,
                ..good()
            },
            "BPF_PROG_TYPE_CGROUP_SKB",
        ),
        (
            KernelFacts {
                ring_buffer: Probe::No,
                ..good()
            },
            "BPF_MAP_TYPE_RINGBUF",
        ),
        (
            KernelFacts {
                skb_cgroup_id: Probe::Unknown("EPERM".into()),
                ..good()
            },
            "bpf_skb_cgroup_id could not be found out (EPERM)",
        ),
        (
            KernelFacts {
                clock_source: Some("hpet".into()),
                current_task: Probe::No,
                ..good()
            },
            "hpet",
        ),
    ];
    for (facts, part) in table {
        let said = plan(&facts, 100).unwrap_err().to_string();
        assert!(said.contains(part), "{said:?} does not name {part:?}");
        assert!(said.contains("; "), "{said:?} has no remedy");
        assert!(!said.contains('\n'), "{said:?} is not one line");
    }
}

#[test]
fn the_scheduler_accounts_for_cpu_time_where_it_can_be_asked() {
    let account = |facts: &KernelFacts| plan(facts, 100).unwrap().cpu_account;
    assert_eq!(account(&good()), CpuAccount::Scheduler(TaskLayout::UNKNOWN));
    let table = [
        (
            KernelFacts {
                task_layout: Err("no BTF".into()),
                ..good()
            },
            "no BTF",
        ),
        (
            KernelFacts {
                current_task: Probe::No,
                ..good()
            },
            "bpf_get_current_task_btf",
        ),
        (
            KernelFacts {
                tickless_cpus: true,
                ..good()
            },
            "without a tick",
        ),
    ];
    for (facts, part) in table {
        let account = account(&facts);
        assert!(
            matches!(&account, CpuAccount::Clock { because } if because.contains(part)),
            "{account:?}"
        );
    }
}

#[test]
fn a_slow_clock_is_no_matter_where_none_is_read() {
    let facts = KernelFacts {
        clock_source: Some("hpet".into()),
        ..good()
    };
    assert!(plan(&facts, 100).is_ok());
}

#[test]
fn sys_admin_stands_for_bpf_and_perfmon() {
    let facts = KernelFacts {
        capabilities: Some(CAP_SYS_ADMIN | CAP_NET_ADMIN),
        ..good()
    };
    assert!(plan(&facts, 1).is_ok());
}

#[test]
fn the_maps_stay_affordable_on_a_machine_of_many_cpus() {
    let entries = max_cgroups(100_000, 512);
    assert!(entries as usize * 512 * size_of::<CgroupCounters>() <= MAX_COUNTER_BYTES);
    assert!(entries > 7_000);
}
