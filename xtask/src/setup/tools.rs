//! Programs and packages that the chores take, and their versions.

/// Rust for BPF as Debian packages it: `core` is compiled already, so no nightly is needed.
pub(crate) const COMPILER_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "libstd-rust-web-dev-bpf", "llvm-22-dev"];
/// LLVM that the packaged compiler and the pinned nightly write their bitcode with.
pub(crate) const LLVM: &str = "22";
pub(crate) const LINKER_VERSION: &str = "0.13.0";
pub(crate) const DENY_VERSION: &str = "0.20.2";
pub(crate) const DEB_VERSION: &str = "3.8.0";

pub(crate) const LLVM_PACKAGE: &str = "llvm-22-dev";
/// What brings `libc.a` in Debian.
pub(crate) const STATIC_LIBC_PACKAGE: &str = "libc6-dev";
pub(crate) const CLIPPY_PACKAGE: &str = "rust-web-clippy";
pub(crate) const DOWNLOAD_PACKAGES: [&str; 4] = ["ca-certificates", "curl", "tar", "zstd"];

/// A program that the tests run, and the packages that bring it: the first that apt knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) packages: &'static [&'static str],
}

pub(crate) const TOOLS: [Tool; 12] = [
    tool("dockerd", &["docker.io"]),
    // The newer Debian has the client in a package of its own.
    tool("docker", &["docker-cli", "docker.io"]),
    tool("docker-registry", &["docker-registry"]),
    tool("ip", &["iproute2"]),
    tool("iptables", &["iptables"]),
    tool("curl", &["curl"]),
    tool("strace", &["strace"]),
    // the agent's page is looked at
    tool("chromium", &["chromium"]),
    tool("chromedriver", &["chromium-driver"]),
    // the terminal in which the tests look at `balancer-agent top`
    tool("tmux", &["tmux"]),
    tool("xz", &["xz-utils"]),
    tool(CXX, &["g++"]),
];

/// Programs that the benchmarks take beside those of the tests. What apt does not know is not asked for: the report
/// names what was not there, and the rest is measured.
pub(crate) const BENCH_TOOLS: [Tool; 3] = [
    tool("wrk", &["wrk"]),
    tool("iperf3", &["iperf3"]),
    tool("perf", &["linux-perf"]),
];

/// What compiles libFuzzer: only for that.
pub(crate) const CXX: &str = "c++";

/// What unpacks the modules of a guest's kernel. What boots it is no package to be installed: `vm/emulator.rs`.
pub(crate) const GUEST: &str = "xz";

/// Programs that a Docker engine takes, without the one that talks to it.
pub(crate) const ENGINE: [&str; 3] = ["dockerd", "ip", "iptables"];

const fn tool(program: &'static str, packages: &'static [&'static str]) -> Tool {
    Tool { program, packages }
}

/// Every package that some plan may ask for.
pub(crate) fn all_packages() -> Vec<&'static str> {
    let tools = TOOLS
        .iter()
        .chain(&BENCH_TOOLS)
        .flat_map(|tool| tool.packages.iter().copied());
    COMPILER_PACKAGES
        .into_iter()
        .chain([CLIPPY_PACKAGE, STATIC_LIBC_PACKAGE])
        .chain(DOWNLOAD_PACKAGES)
        .chain(tools)
        .collect()
}
