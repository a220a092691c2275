//! Process 1: makes the guest a small system, runs the checks, and powers off.

use std::convert::Infallible;
use std::ffi::CStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::{io, thread};

use rustix::mount::{MountFlags, mount, mount_bind, mount_move};
use rustix::process::{WaitOptions, chdir, chroot, wait};
use rustix::system::{RebootCommand, finit_module, reboot};

use crate::cgroups;
use crate::row::Row;

const NO_PARAMETERS: &CStr = c"";
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Does all of it; never returns.
pub(crate) fn run() -> ! {
    let Err(error) = prepare_and_check();
    println!("vm: failed: the guest: {}", error.replace('\n', " / "));
    power_off()
}

fn prepare_and_check() -> Result<Infallible, String> {
    let row = Row::read()?;
    if row.hang {
        println!("vm: doing nothing, as asked");
        loop {
            thread::park();
        }
    }
    prepare(&row).map_err(|error| error.to_string())?;
    check().map_err(|error| error.to_string())?;
    power_off()
}

fn prepare(row: &Row) -> io::Result<()> {
    own_root()?;
    for (source, at, fs_type) in [
        ("proc", "/proc", "proc"),
        ("sysfs", "/sys", "sysfs"),
        ("devtmpfs", "/dev", "devtmpfs"),
        ("tmpfs", "/run", "tmpfs"),
        ("tmpfs", "/dev/shm", "tmpfs"),
        ("devpts", "/dev/pts", "devpts"),
        ("mqueue", "/dev/mqueue", "mqueue"),
        ("bpf", "/sys/fs/bpf", "bpf"),
        ("securityfs", "/sys/kernel/security", "securityfs"),
    ] {
        fs::create_dir_all(at).or_else(exists)?;
        if let Err(error) = mount(source, at, fs_type, MountFlags::empty(), None) {
            println!("vm: note: {at} is not mounted: {error}");
        }
    }
    fs::create_dir_all("/tmp")?;
    load_modules()?;
    cgroups::mount_all(row.layout)?;
    if row.hide_btf {
        mount("none", "/sys/kernel/btf", "tmpfs", MountFlags::empty(), None)?;
    }
    for (name, value) in &row.sysctls {
        let file = Path::new("/proc/sys").join(name);
        fs::write(&file, value).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    }
    Ok(())
}

/// The kernel's first root cannot be left with `pivot_root`, which starting a container takes: one bound over it can.
fn own_root() -> io::Result<()> {
    fs::create_dir_all("/root-over-root")?;
    mount_bind("/", "/root-over-root")?;
    chdir("/root-over-root")?;
    mount_move(".", "/")?;
    chroot(".")?;
    chdir("/")?;
    Ok(())
}

/// Modules lie in the order in which they need each other. One that cannot be loaded is told; what it was for fails.
fn load_modules() -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir("/modules")?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        match finit_module(File::open(&file)?, NO_PARAMETERS, 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => println!("vm: note: {} is not loaded: {error}", file.display()),
        }
    }
    Ok(())
}

fn exists(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists {
        Ok(())
    } else {
        Err(error)
    }
}

/// The checks are a process of their own: what it leaves behind becomes a child of this one and is waited for here.
fn check() -> io::Result<()> {
    let child = Command::new("/init")
        .arg("check")
        .env_clear()
        .env("PATH", PATH)
        .env("BALANCER_AGENT_BIN", "/usr/bin/balancer-agent")
        .env("BALANCER_WORKLOAD_BIN", "/usr/bin/workload")
        .spawn()?;
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().unsigned_abs() == child.id() => {
                if status.exit_status() != Some(0) {
                    println!("vm: failed: the checks ended with {status:?}");
                }
                return Ok(());
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn power_off() -> ! {
    rustix::fs::sync();
    let refused = reboot(RebootCommand::PowerOff);
    println!("vm: note: the guest does not power off: {refused:?}");
    loop {
        thread::park();
    }
}
