//! What this guest is to be and to show: `cargo xtask vm` puts it into the guest as `/row.json`.

use std::fs;

use serde::Deserialize;

/// One row of the matrix.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is so or not")]
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) layout: Layout,
    /// Files under `/proc/sys` and what is written into them.
    #[serde(default)]
    pub(crate) sysctls: Vec<(String, String)>,
    /// A class id is set in the v1 hierarchy `net_cls` before the agent starts.
    #[serde(default)]
    pub(crate) classid: bool,
    /// `/sys/kernel/btf` is covered, as on a kernel built without it.
    #[serde(default)]
    pub(crate) hide_btf: bool,
    /// The agent must fall back, with a reason that has this text; `None` where it must count in the kernel.
    pub(crate) falls_back: Option<String>,
    /// Whether the CPU program learns the ancestors of a cgroup (5.15 and newer).
    pub(crate) knows_ancestors: bool,
    /// Whether a Docker engine is in the guest.
    #[serde(default)]
    pub(crate) docker: bool,
    /// The guest does nothing, to show that this is noticed.
    #[serde(default)]
    pub(crate) hang: bool,
}

/// Which cgroup hierarchies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// The v2 tree alone, at /sys/fs/cgroup.
    V2,
    /// v1 hierarchies with all controllers, and a v2 tree without any beside them.
    Hybrid,
    /// v1 hierarchies alone.
    V1,
}

impl Row {
    pub(crate) fn read() -> Result<Self, String> {
        let text = fs::read_to_string("/row.json").map_err(|error| format!("/row.json: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("/row.json: {error}"))
    }
}
