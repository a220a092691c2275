use std::os::unix::{fs::PermissionsExt as _, net::UnixListener};

use super::*;

fn check_socket(path: &Path) -> Result<(), String> {
    check_docker_address(&DockerAddress::Unix(path.to_owned())).map_err(|error| error.to_string())
}

#[test]
fn a_socket_is_fine_and_so_is_one_that_is_not_there_yet_or_has_no_listener() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("docker.sock");
    assert_eq!(check_socket(&path), Ok(()));
    assert_eq!(check_socket(&dir.path().join("none/docker.sock")), Ok(()));
    let listener = UnixListener::bind(&path).unwrap();
    assert_eq!(check_socket(&path), Ok(()));
    drop(listener);
    assert_eq!(check_socket(&path), Ok(()));
    let link = dir.path().join("link.sock");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(check_socket(&link), Ok(()));
}

#[test]
fn tcp_is_not_looked_at() {
    let address = DockerAddress::Tcp {
        host: "no.such.host".to_owned(),
        port: 1,
    };
    assert_eq!(check_docker_address(&address), Ok(()));
}

#[test]
fn what_is_no_socket_is_refused_by_its_flag() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("docker.sock");
    fs::write(&file, "").unwrap();
    for (path, said) in [
        (file.as_path(), "is a regular file, not a socket; name the socket"),
        (dir.path(), "is a directory, not a socket"),
        (Path::new("/dev/null"), "is a special file, not a socket"),
        (&file.join("below"), "cannot be used (Not a directory"),
    ] {
        let error = check_socket(path).unwrap_err();
        assert!(
            error.starts_with(&format!("--docker-url: {} ", path.display())),
            "{error}"
        );
        assert!(error.contains(said), "{error}");
    }
}

/// Runs `check` as a user without any rights, in a thread of its own, since Linux keeps user ids per thread.
fn as_nobody<T: Send>(check: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                if rustix::process::geteuid().is_root() {
                    let nobody = rustix::process::Uid::from_raw(65_534);
                    rustix::thread::set_thread_groups(&[]).unwrap();
                    rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
                }
                check()
            })
            .join()
            .unwrap()
    })
}

#[test]
fn a_socket_or_directory_without_permission_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set_mode(dir.path(), 0o755);
    let socket = dir.path().join("docker.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    set_mode(&socket, 0o666);
    assert_eq!(as_nobody(|| check_socket(&socket)), Ok(()));

    set_mode(&socket, 0o400);
    let refused = format!(
        "--docker-url: no permission to use {}; run as root or add this user to the group docker",
        socket.display()
    );
    assert_eq!(as_nobody(|| check_socket(&socket)), Err(refused.clone()));

    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    set_mode(&closed, 0o000);
    let inside = closed.join("docker.sock");
    let error = as_nobody(|| check_socket(&inside)).unwrap_err();
    assert_eq!(error, refused.replace("docker.sock", "closed/docker.sock"));
}

#[test]
fn roots_that_are_none_are_refused_by_their_flags() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(check_proc_root(Path::new("/proc")), Ok(()));
    let error = check_proc_root(dir.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("--proc-root: ") && error.contains("is not a proc file system"),
        "{error}"
    );
    assert_eq!(check_cgroup_root(dir.path()), Ok(()));
    let error = check_cgroup_root(&dir.path().join("none")).unwrap_err().to_string();
    assert!(
        error.starts_with("--cgroup-root: ") && error.contains("is not a directory"),
        "{error}"
    );
}
