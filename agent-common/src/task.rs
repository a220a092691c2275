//! How the CPU programs find and remember the run time of tasks.

use core::mem::size_of;

/// Up to where a CPU's time is charged.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChargedUpTo {
    /// By the scheduler's account: run time of the running task when it was last charged, in ns. By the clock: the
    /// moment.
    pub ns: u64,
    /// By the scheduler's account: the thread that this is about, plus one. By the clock: 1. 0 until the first switch
    /// after the program was attached.
    pub whose: u64,
}

/// Time that one CPU has charged to a cgroup and that is not in the map of counters yet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingCharge {
    /// The cgroup; 0 where there is none.
    pub cgroup_id: u64,
    /// The time, in ns.
    pub ns: u64,
}

/// Where this kernel keeps what the CPU program reads, in bytes from the start of each struct.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskLayout {
    /// `task_struct.se.sum_exec_runtime`
    pub task_runtime: u64,
    /// `task_struct.se.prev_sum_exec_runtime`: that when the fair scheduler last gave the task a CPU.
    pub task_runtime_before: u64,
    /// `task_struct.prio`
    pub task_priority: u64,
    /// `task_struct.pid`, which is the id of the thread.
    pub task_pid: u64,
    /// `task_struct.cgroups`
    pub task_cgroups: u64,
    /// `css_set.dfl_cgrp`
    pub css_set_cgroup: u64,
    /// `cgroup.kn`
    pub cgroup_kernfs_node: u64,
    /// `kernfs_node.id`
    pub kernfs_node_id: u64,
}

impl TaskLayout {
    /// Before it is found out.
    pub const UNKNOWN: Self = Self {
        task_runtime: 0,
        task_runtime_before: 0,
        task_priority: 0,
        task_pid: 0,
        task_cgroups: 0,
        css_set_cgroup: 0,
        cgroup_kernfs_node: 0,
        kernfs_node_id: 0,
    };
}

const _: () = assert!(size_of::<ChargedUpTo>() == 16);
const _: () = assert!(size_of::<PendingCharge>() == 16);
const _: () = assert!(size_of::<TaskLayout>() == 64);
