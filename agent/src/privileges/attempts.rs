//! Tries what a confined agent must not be able to do: for the test that shows it, from within.

use std::{fs, net::TcpListener, process::Command};

/// Tries each and says in the log what came of it.
pub fn attempt_all(loads_a_program: impl FnOnce() -> bool, makes_a_namespace: impl FnOnce() -> bool) {
    let tell = |what: &str, could: bool| {
        let outcome = if could { "POSSIBLE" } else { "refused" };
        tracing::info!("attempt: {what}: {outcome}");
    };
    tell("loading a kernel program", loads_a_program());
    tell(
        "starting a program",
        Command::new("/proc/self/exe").arg("--version").status().is_ok(),
    );
    let file = std::env::temp_dir().join(format!("balancer-agent-attempt-{}", std::process::id()));
    tell("making a file", fs::write(&file, "").is_ok());
    let _was_not_made = fs::remove_file(&file);
    tell(
        "writing a file of the kernel",
        fs::OpenOptions::new()
            .write(true)
            .open("/proc/sys/kernel/hostname")
            .is_ok(),
    );
    tell("changing who may use a file", can_be_changed("/proc/self/exe"));
    tell("a namespace of its own", makes_a_namespace());
    tell("a port of its own", TcpListener::bind("127.0.0.1:0").is_ok());
    tell("another root", rustix::process::chroot("/").is_ok());
    let capabilities = rustix::thread::capabilities(None).map_or(u64::MAX, |sets| sets.permitted.bits());
    tracing::info!("attempt: capabilities: {capabilities:#x}");
}

/// Gives a file the mode that it has.
fn can_be_changed(path: &str) -> bool {
    fs::metadata(path).is_ok_and(|facts| fs::set_permissions(path, facts.permissions()).is_ok())
}
