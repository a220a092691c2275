use std::fs;

use super::*;

const STAT: &str = "\
cpu  30 0 0 70 0 0 0 0 0 0
cpu0 10 0 0 50 0 0 0 0 0 0
cpu1 20 0 0 20 0 0 0 0 0 0
intr 0
ctxt 1
btime 2
processes 3
procs_running 1
procs_blocked 0
";

const MEMINFO: &str = "\
MemTotal:       27440000 kB
MemFree:         1000000 kB
MemAvailable:   12300000 kB
Buffers:               1 kB
Cached:                1 kB
SwapCached:            0 kB
Active:                1 kB
Inactive:              1 kB
SwapTotal:             0 kB
SwapFree:              0 kB
Dirty:                 0 kB
Writeback:             0 kB
Mapped:                1 kB
Slab:                  1 kB
Committed_AS:          1 kB
VmallocTotal:          1 kB
VmallocUsed:           0 kB
VmallocChunk:          0 kB
";

const NET_DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
  eth0: 12345 1 0 0 0 0 0 0 98765 1 0 0 0 0 0 0
veth1a2b: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0
docker0: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0
";

fn proc_tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("1/net")).unwrap();
    fs::write(dir.path().join("stat"), STAT).unwrap();
    fs::write(dir.path().join("meminfo"), MEMINFO).unwrap();
    fs::write(dir.path().join("1/net/dev"), NET_DEV).unwrap();
    dir
}

#[test]
fn a_whole_tree_gives_a_whole_sample_each_time() {
    let dir = proc_tree();
    let mut node = Node::new(dir.path());
    for _ in 0..2 {
        let (sample, errors) = node.sample();
        assert!(errors.is_empty(), "{errors:?}");
        let cpus = sample.cpus.unwrap();
        assert_eq!(cpus[&CpuName(1)], CpuTicks { busy: 20, idle: 20 });
        assert_eq!(
            sample.memory_kib,
            Some(MemoryKib {
                total: 27_440_000,
                available: Some(12_300_000),
            })
        );
        let interfaces = sample.interfaces.unwrap();
        assert_eq!(interfaces.keys().collect::<Vec<_>>(), ["docker0", "eth0", "lo"]);
        assert_eq!(interfaces["eth0"], InterfaceBytes { rx: 12_345, tx: 98_765 });
    }
}

#[test]
fn a_part_that_cannot_be_read_is_absent_with_its_reason_and_the_others_stay() {
    for (file, broken) in [
        ("stat", None),
        ("meminfo", None),
        ("1/net/dev", None),
        ("stat", Some("x")),
        ("meminfo", Some("MemTotal: x kB\n")),
        ("1/net/dev", Some("1\n2\neth0: 1 2 3\n")),
    ] {
        let dir = proc_tree();
        let path = dir.path().join(file);
        match broken {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let (sample, errors) = Node::new(dir.path()).sample();
        assert_eq!(sample.cpus.is_none(), file == "stat", "{file}");
        assert_eq!(sample.memory_kib.is_none(), file == "meminfo", "{file}");
        assert_eq!(sample.interfaces.is_none(), file == "1/net/dev", "{file}");
        let [error] = errors.as_slice() else {
            panic!("{errors:?}")
        };
        assert!(error.to_string().contains(file), "{error}");
        assert_eq!(matches!(error, NodeError::Read { .. }), broken.is_none(), "{error}");
    }
}

#[test]
fn an_old_kernel_does_not_tell_what_is_available() {
    let text = MEMINFO.replace("MemAvailable:   12300000 kB\n", "");
    assert_eq!(
        parse_meminfo(text.as_bytes()),
        Ok(MemoryKib {
            total: 27_440_000,
            available: None,
        })
    );
}

#[test]
fn this_machine_can_be_read() {
    let (sample, errors) = Node::new(Path::new("/proc")).sample();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(!sample.cpus.unwrap().is_empty());
    let memory = sample.memory_kib.unwrap();
    assert!(memory.available.unwrap() <= memory.total);
    assert!(sample.interfaces.unwrap().contains_key("lo"));
}
