use super::*;

/// `name{label="value",...} figure` of all series.
fn told(families: &[Family]) -> Vec<String> {
    let mut told = Vec::new();
    for family in families {
        for series in &family.series {
            let labels = series.of.iter().chain(&series.with);
            let labels: Vec<_> = labels.map(|(name, value)| format!("{name}={value}")).collect();
            told.push(format!("{}{{{}}} {}", family.name, labels.join(","), series.value));
        }
    }
    told
}

#[track_caller]
fn has(families: &[Family], wanted: &[&str]) {
    let told = told(families);
    for wanted in wanted {
        assert!(told.iter().any(|told| told == wanted), "{wanted} is not in {told:#?}");
    }
}

#[test]
fn time_of_cpus_is_told_by_mode() {
    let text = "cpu  9 9\ncpu0 100 2 3 4 5 6 7 8 9 10\ncpu10 1\nintr 7 1 2\nctxt 8\nbtime 9\nprocesses 10\nprocs_running 11\nprocs_blocked 12\n";
    let families = stat(text, 10_000_000);
    has(
        &families,
        &[
            "node_cpu_seconds{cpu=0,mode=user} 1",
            "node_cpu_seconds{cpu=0,mode=steal} 0.08",
            "node_cpu_guest_seconds{cpu=0,mode=nice} 0.1",
            "node_cpu_seconds{cpu=10,mode=user} 0.01",
            "node_intr{} 7",
            "node_context_switches{} 8",
            "node_boot_time_seconds{} 9",
            "node_forks{} 10",
            "node_procs_running{} 11",
            "node_procs_blocked{} 12",
        ],
    );
    // the sum of all CPUs is nobody's time, and a mode that an old kernel does not tell is absent
    assert_eq!(told(&families).iter().filter(|line| line.contains("cpu=10")).count(), 1);
    has(
        &machine(text, "MemTotal:  2 kB\n"),
        &["machine_cpu_cores{} 2", "machine_memory_bytes{} 2048"],
    );
}

#[test]
fn memory_is_told_in_bytes_by_the_kernels_own_names() {
    let families =
        memory("MemTotal:       2 kB\nActive(anon):  1 kB\nHugePages_Total:  3\nodd name: 1 kB\nbroken: x kB\n");
    assert_eq!(
        told(&families),
        [
            "node_memory_MemTotal_bytes{} 2048",
            "node_memory_Active_anon_bytes{} 1024",
            "node_memory_HugePages_Total{} 3"
        ]
    );
}

#[test]
fn interfaces_but_not_the_ends_of_container_links_are_told() {
    let families = network("Inter-|\n face |bytes\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nveth1: 1 1\n");
    has(
        &families,
        &[
            "node_network_receive_bytes{device=eth0} 1",
            "node_network_transmit_bytes{device=eth0} 9",
            "node_network_transmit_compressed{device=eth0} 16",
        ],
    );
    assert_eq!(told(&families).len(), 16);
}

#[test]
fn disks_loads_pressure_and_faults_are_told() {
    has(
        &disks("   8 0 sda 1 2 3 4000 5 6 7 8000 9 10000 11\n   7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n"),
        &[
            "node_disk_reads_completed{device=sda} 1",
            "node_disk_read_bytes{device=sda} 1536",
            "node_disk_read_time_seconds{device=sda} 4",
            "node_disk_io_time_seconds{device=sda} 10",
        ],
    );
    for part in ["loop0", "sda1", "vdb12", "xvda1", "nvme0n1p2", "ram3"] {
        assert!(told(&disks(&format!("7 0 {part} 1 1 1 1\n"))).is_empty(), "{part}");
    }
    for disk in ["sda", "sdaa", "nvme0n1", "md0", "dm-0", "mmcblk0"] {
        assert!(!told(&disks(&format!("7 0 {disk} 1 1 1 1\n"))).is_empty(), "{disk}");
    }
    assert!(told(&disks("8 0 sda 0 0 0 0\n")).is_empty(), "a disk without traffic");
    has(
        &load("0.50 1.00 1.50 1/100 5\n"),
        &["node_load1{} 0.5", "node_load15{} 1.5"],
    );
    let psi = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
    has(
        &pressure(|_| psi.to_owned()),
        &[
            "node_pressure_cpu_waiting_seconds{} 2",
            "node_pressure_io_stalled_seconds{} 0.000005",
        ],
    );
    assert!(told(&pressure(|_| String::new())).is_empty(), "a kernel without it");
    assert_eq!(told(&virtual_memory("nr_free 1\npgfault 2\noom_kill 3\n")).len(), 2);
}
