//! Images made on the spot: one static program, no registry, no base.

use std::fs;

use super::PrivateDocker;
use crate::{binaries, command};

/// The image that every private engine has: it runs `workload serve` unless a container says otherwise.
pub const WORKLOAD: &str = "workload:1";

/// Makes an image of the workload; `changes` are lines of a Dockerfile (`EXPOSE 8080/tcp`, `CMD ["..."]`).
#[track_caller]
pub fn import_workload(docker: &PrivateDocker, name: &str, changes: &[&str]) {
    let root = tempfile::tempdir_in(docker.dir()).expect("the engine's directory is ours");
    fs::copy(binaries::workload(), root.path().join("workload")).expect("the workload can be read");
    let tar = docker.dir().join("image.tar");
    let (root, tar) = (root.path().display().to_string(), tar.display().to_string());
    command::run(&["tar", "--create", "--file", &tar, "--directory", &root, "."]);
    let mut words = vec![
        "import",
        "--change",
        r#"ENTRYPOINT ["/workload"]"#,
        "--change",
        r#"CMD ["serve"]"#,
    ];
    words.extend(changes.iter().flat_map(|change| ["--change", *change]));
    words.extend([tar.as_str(), name]);
    docker.cli(&words);
    fs::remove_file(&tar).expect("the file was just made");
}
