//! The agent's image, as `cargo xtask image` makes it.

use std::fs;
use std::path::{Path, PathBuf};

use agent_tests::binaries;
use agent_tests::docker::PrivateDocker;

/// What is deployed, and what that is updated to.
pub(crate) const FIRST: &str = "balancer-agent:fleet-1";
pub(crate) const SECOND: &str = "balancer-agent:fleet-2";

#[track_caller]
pub(crate) fn build(docker: &PrivateDocker, name: &str, version: &str) {
    let context = docker.dir().join("image");
    fs::create_dir_all(&context).expect("the directory is ours");
    fs::copy(binaries::agent(), context.join("balancer-agent")).expect("the agent can be read");
    fs::copy(deploy_dir().join("docker/Dockerfile"), context.join("Dockerfile")).expect("it is in the tree");
    let context = context.display().to_string();
    docker.cli(&["build", "--quiet", "--tag", name, "--build-arg", version, &context]);
}

pub(crate) fn deploy_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}
