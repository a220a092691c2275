//! Machines that are not here, as tables.

use super::*;
use crate::setup::tools::{BENCH_TOOLS, TOOLS, all_packages};

mod programs;

/// A machine with rustup and nothing else.
fn bare() -> Facts {
    Facts {
        compiler: Compiler::Absent,
        nightly: "nightly-x".to_owned(),
        rustup: true,
        linker: false,
        llvm: None,
        downloader: false,
        deny: false,
        deb: false,
        static_libc: true,
        static_busybox: true,
        missing_tools: TOOLS.iter().collect(),
        missing_bench_tools: BENCH_TOOLS.iter().collect(),
        apt: None,
    }
}

/// A machine where all is there.
fn ready() -> Facts {
    Facts {
        compiler: Compiler::Ready {
            clippy: true,
            packaged: true,
        },
        linker: true,
        deny: true,
        deb: true,
        missing_tools: Vec::new(),
        missing_bench_tools: Vec::new(),
        ..bare()
    }
}

fn apt(packages: &[&'static str]) -> Apt {
    Apt {
        fresh: true,
        knows: packages.iter().copied().collect(),
        compiler_fits: COMPILER_PACKAGES.iter().all(|package| packages.contains(package)),
    }
}

fn debian() -> Facts {
    let packages: Vec<_> = all_packages()
        .into_iter()
        .filter(|package| *package != "docker-cli")
        .collect();
    Facts {
        apt: Some(apt(&packages)),
        ..bare()
    }
}

fn built_against_packages() -> Step {
    Step::BuildLinker("/usr/lib/llvm-22".into())
}

#[track_caller]
fn refusal(need: Need, facts: &Facts) -> String {
    plan(need, facts).unwrap_err().to_string()
}

#[test]
fn nothing_is_done_where_all_is_there() {
    for need in [Need::Build, Need::Test, Need::Bench, Need::Check] {
        assert_eq!(plan(need, &ready()).unwrap(), []);
        // Not even the package lists are fetched.
        let with_apt = Facts {
            apt: Some(Apt::default()),
            ..ready()
        };
        assert_eq!(plan(need, &with_apt).unwrap(), []);
    }
}

#[test]
fn apt_lists_are_fetched_before_anything_is_decided() {
    for need in [Need::Build, Need::Test, Need::Bench, Need::Check] {
        let stale = Facts {
            apt: Some(Apt::default()),
            ..bare()
        };
        assert_eq!(plan(need, &stale).unwrap(), [Step::AptRefresh]);
    }
}

#[test]
fn debian_gets_its_packaged_compiler() {
    let steps = plan(Need::Build, &debian()).unwrap();
    let packages = vec!["cargo-web", "libstd-rust-web-dev-bpf", "llvm-22-dev", "rustc-web"];
    assert_eq!(
        steps,
        [
            Step::AptInstall(packages),
            Step::LinkToolchain,
            built_against_packages()
        ]
    );
}

#[test]
fn checks_take_clippy_for_the_kernel_programs_and_cargo_deny() {
    let no_clippy = Compiler::Ready {
        clippy: false,
        packaged: true,
    };
    let facts = Facts {
        compiler: no_clippy,
        deny: false,
        apt: debian().apt,
        ..ready()
    };
    let steps = plan(Need::Check, &facts).unwrap();
    assert_eq!(steps, [Step::AptInstall(vec!["rust-web-clippy"]), Step::InstallDeny]);
    let bare = plan(Need::Check, &debian()).unwrap();
    assert!(
        matches!(&bare[0], Step::AptInstall(packages) if packages.contains(&"rust-web-clippy")),
        "{bare:?}"
    );

    let no_clippy = Compiler::Ready {
        clippy: false,
        packaged: false,
    };
    let facts = Facts {
        compiler: no_clippy,
        ..ready()
    };
    assert_eq!(
        plan(Need::Check, &facts).unwrap(),
        [Step::AddClippy("nightly-x".to_owned())]
    );
}

#[test]
fn without_the_packages_rustup_downloads_the_pinned_nightly() {
    let nightly = Step::InstallNightly("nightly-x".to_owned());
    let fedora = Facts {
        downloader: true,
        ..bare()
    };
    assert_eq!(
        plan(Need::Build, &fedora).unwrap(),
        [nightly.clone(), Step::DownloadLinker]
    );

    // apt is there, but has no such compiler.
    let ubuntu = Facts {
        apt: Some(apt(&DOWNLOAD_PACKAGES)),
        ..bare()
    };
    let packages = Step::AptInstall(DOWNLOAD_PACKAGES.to_vec());
    assert_eq!(
        plan(Need::Build, &ubuntu).unwrap(),
        [packages, nightly.clone(), Step::DownloadLinker]
    );

    // apt would have to remove what the user installed.
    let mut conflict = debian();
    conflict.apt.as_mut().unwrap().compiler_fits = false;
    let llvm = Step::AptInstall(vec!["llvm-22-dev"]);
    assert_eq!(
        plan(Need::Build, &conflict).unwrap(),
        [llvm, nightly, built_against_packages()]
    );
}

#[test]
fn only_what_is_missing_is_installed() {
    let unlinked = Facts {
        compiler: Compiler::Unlinked,
        ..ready()
    };
    assert_eq!(plan(Need::Build, &unlinked).unwrap(), [Step::LinkToolchain]);
    let unlinkable = Facts {
        linker: false,
        llvm: Some("/usr/lib/llvm-22".into()),
        ..ready()
    };
    assert_eq!(plan(Need::Build, &unlinkable).unwrap(), [built_against_packages()]);
}

#[test]
fn without_rustup_the_packaged_compiler_needs_no_link() {
    let steps = plan(
        Need::Build,
        &Facts {
            rustup: false,
            ..debian()
        },
    )
    .unwrap();
    assert!(!steps.contains(&Step::LinkToolchain), "{steps:?}");
}

#[test]
fn what_cannot_be_had_is_named_with_what_to_do() {
    let refused = refusal(
        Need::Build,
        &Facts {
            rustup: false,
            ..bare()
        },
    );
    assert!(
        refused.contains("a Rust compiler for the BPF target: install the packages rustc-web"),
        "{refused}"
    );
    assert!(
        refused.contains("bpf-linker 0.13.0: install the package llvm-22-dev"),
        "{refused}"
    );

    let refused = refusal(
        Need::Test,
        &Facts {
            static_busybox: false,
            ..ready()
        },
    );
    assert!(
        refused.contains("the program `busybox`, statically linked"),
        "{refused}"
    );

    let no_clippy = Compiler::Ready {
        clippy: false,
        packaged: true,
    };
    let refused = refusal(
        Need::Check,
        &Facts {
            compiler: no_clippy,
            ..ready()
        },
    );
    assert!(refused.contains("rust-web-clippy"), "{refused}");
}

#[test]
fn the_static_c_library_is_installed_or_named_before_anything_is_built() {
    let without = Facts {
        static_libc: false,
        ..ready()
    };
    let debian = Facts {
        apt: debian().apt,
        ..without.clone()
    };
    for need in [Need::Build, Need::Test, Need::Vm, Need::Check, Need::Package] {
        assert_eq!(
            plan(need, &debian).unwrap(),
            [Step::AptInstall(vec!["libc6-dev"])],
            "{need}"
        );
        let refused = refusal(need, &without);
        assert!(refused.contains("glibc-static"), "{refused}");
    }
    assert_eq!(plan(Need::Fuzz, &without).unwrap(), [], "it builds nothing static");
}

#[test]
fn packages_take_their_tool_of_cargo() {
    let facts = Facts { deb: false, ..ready() };
    assert_eq!(plan(Need::Package, &facts).unwrap(), [Step::InstallDeb]);
    assert_eq!(plan(Need::Package, &ready()).unwrap(), []);
}
