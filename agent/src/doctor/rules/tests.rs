use super::*;

fn good() -> Facts {
    Facts {
        kernel_release: "6.1.0".to_owned(),
        configuration: Vec::new(),
        readable_by_all: Vec::new(),
        source: Ok(SourceDecision {
            source: Source::Ebpf,
            reason: None,
        }),
        clock_because: None,
        jit: Some(true),
        landlock: true,
        seccomp: true,
        docker: Ok(EngineVersion {
            version: "20.10.24".to_owned(),
            api_version: "1.41".to_owned(),
        }),
        located: Some((3, 3)),
        addresses: vec![("127.0.0.1:5000".parse().unwrap(), AddressState::Free)],
        callers: Callers::ByCredential,
        most_open_files: Some(1 << 20),
        wanted_open_files: 3584,
    }
}

#[test]
fn of_a_machine_where_all_is_well_nothing_is_to_be_done() {
    for finding in judge(&good()) {
        assert_eq!(finding.level, Level::Ok, "{finding:?}");
        assert_eq!(finding.remedy, None, "{finding:?}");
    }
}

#[test]
fn each_thing_that_is_amiss_is_told_under_its_name_with_its_level_and_a_remedy() {
    use Level::{Failure, Note, Warning};
    type Change = fn(&mut Facts);
    let table: [(&str, Level, &str, Change); 19] = [
        ("configuration", Failure, "name the socket", |facts| {
            facts.configuration = vec!["--docker-url: /x is a file, not a socket; name the socket".to_owned()];
        }),
        ("configuration", Warning, "chmod 600 /etc/token", |facts| {
            facts.readable_by_all = vec!["/etc/token".into()];
        }),
        ("source", Failure, "or use --source auto", |facts| {
            facts.source = Err("--source: ebpf is not available: no; or use --source auto".to_owned());
        }),
        ("source", Warning, "run as root", |facts| {
            facts.source = Ok(SourceDecision {
                source: Source::Docker,
                reason: Some("capability CAP_BPF is missing; run as root".to_owned()),
            });
        }),
        ("source", Note, "", |facts| {
            facts.source = Ok(SourceDecision {
                source: Source::Docker,
                reason: Some("--source docker asks for it".to_owned()),
            });
        }),
        ("cpu", Note, "5.11", |facts| {
            facts.clock_because = Some("no BTF".to_owned());
        }),
        ("jit", Warning, "bpf_jit_enable=1", |facts| facts.jit = Some(false)),
        ("docker", Failure, "start Docker", |facts| {
            facts.docker = Err("no answer".to_owned());
        }),
        ("docker", Warning, "1.40", |facts| {
            facts.docker = Ok(EngineVersion {
                version: "18.09".to_owned(),
                api_version: "1.39".to_owned(),
            });
        }),
        ("containers", Failure, "--proc-root", |facts| {
            facts.located = Some((3, 0));
        }),
        ("address", Failure, "--listen", |facts| {
            facts.addresses[0].1 = AddressState::Taken("in use".to_owned());
        }),
        ("address", Warning, "log", |facts| {
            facts.addresses[0].1 = AddressState::Agent(Err("no Docker".to_owned()));
        }),
        ("address", Note, "", |facts| {
            facts.addresses[0].1 = AddressState::Inherited;
        }),
        ("callers", Note, "--admin-token-file", |facts| {
            facts.callers = Callers::AllChange;
        }),
        ("callers", Warning, "--admin-token-file", |facts| {
            facts.callers = Callers::AllChange;
            facts.addresses[0].0 = "0.0.0.0:5000".parse().unwrap();
        }),
        ("callers", Note, "--read-token-file", |facts| {
            facts.callers = Callers::AllRead;
        }),
        ("open files", Warning, "3584", |facts| {
            facts.most_open_files = Some(1024);
        }),
        ("confinement", Note, "lsm=", |facts| facts.landlock = false),
        ("confinement", Note, "lsm=", |facts| facts.seccomp = false),
    ];
    for (check, level, remedy, change) in table {
        let mut facts = good();
        change(&mut facts);
        let findings = judge(&facts);
        let amiss: Vec<_> = findings.iter().filter(|finding| finding.level != Level::Ok).collect();
        let [finding] = amiss[..] else {
            panic!("{check}: {amiss:?}")
        };
        assert_eq!((finding.check, finding.level), (check, level), "{finding:?}");
        let told = finding.remedy.as_deref().unwrap_or_default();
        assert!(told.contains(remedy), "{finding:?}");
    }
}

#[test]
fn callers_of_a_unix_socket_are_known() {
    let mut facts = good();
    facts.callers = Callers::AllChange;
    facts.addresses[0].0 = "unix:/run/agent.sock".parse().unwrap();
    let judged = judge(&facts);
    let callers = judged.iter().find(|finding| finding.check == "callers");
    assert_eq!(callers.map(|finding| finding.level), Some(Level::Ok), "{callers:?}");
}
