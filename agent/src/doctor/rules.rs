//! From what was found to what it means: pure, so that every machine can be tried in a table.

use super::{
    facts::{AddressState, Callers, Facts},
    report::{Finding, Level},
};
use crate::{
    config::ListenAddress,
    docker::version::EngineVersion,
    usage::{Source, choose::SourceDecision},
};

/// The API below which nothing is promised, of Docker 19.03. The oldest that was tried is 1.41, of 20.10.
const OLDEST_API: (u32, u32) = (1, 40);

/// A finding for each thing that was looked at.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = configuration(facts);
    findings.push(Finding::ok("kernel", format!("Linux {}", facts.kernel_release)));
    findings.push(source(&facts.source));
    findings.extend(how_it_counts(facts));
    findings.push(docker(&facts.docker));
    findings.extend(facts.located.map(|(looked_for, found)| containers(looked_for, found)));
    findings.extend(facts.addresses.iter().map(|(at, state)| address(at, state)));
    findings.push(callers(facts));
    findings.push(open_files(facts));
    findings.push(confinement(facts));
    findings
}

fn configuration(facts: &Facts) -> Vec<Finding> {
    let mut findings: Vec<_> = facts
        .configuration
        .iter()
        .map(|error| Finding::error("configuration", Level::Failure, error))
        .collect();
    findings.extend(facts.readable_by_all.iter().map(|path| {
        let path = path.display();
        Finding::bad(
            "configuration",
            Level::Warning,
            format!("{path} may be read by every user of this machine"),
            format!("chmod 600 {path}"),
        )
    }));
    if findings.is_empty() {
        findings.push(Finding::ok("configuration", "every flag can be used here"));
    }
    findings
}

fn source(source: &Result<SourceDecision, String>) -> Finding {
    const CHECK: &str = "source";
    match source {
        Ok(SourceDecision {
            source: Source::Ebpf, ..
        }) => Finding::ok(CHECK, "ebpf: the kernel programs load, attach and count"),
        Ok(SourceDecision { reason, .. }) => {
            let reason = reason.as_deref().unwrap_or_default();
            if reason.starts_with("--source") {
                return Finding {
                    level: Level::Note,
                    ..Finding::ok(CHECK, format!("docker: {reason}"))
                };
            }
            Finding::error(CHECK, Level::Warning, &format!("docker: {reason}"))
        }
        Err(error) => Finding::error(CHECK, Level::Failure, error),
    }
}

fn how_it_counts(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(because) = &facts.clock_because {
        findings.push(Finding::bad(
            "cpu",
            Level::Note,
            format!("CPU time is measured by the clock, interrupts and stolen time included: {because}"),
            "use a kernel of 5.11 or newer with CONFIG_DEBUG_INFO_BTF",
        ));
    }
    if facts.jit == Some(false) {
        findings.push(Finding::bad(
            "jit",
            Level::Warning,
            "kernel programs are interpreted, which costs several times more",
            "sysctl net.core.bpf_jit_enable=1",
        ));
    }
    findings
}

fn docker(engine: &Result<EngineVersion, String>) -> Finding {
    const CHECK: &str = "docker";
    match engine {
        Ok(EngineVersion { version, api_version }) => {
            let found = format!("Docker {version}, API {api_version}");
            if numbers(api_version).is_some_and(|api| api < OLDEST_API) {
                let (major, minor) = OLDEST_API;
                let remedy =
                    format!("use an engine with API {major}.{minor} or newer: the agent was not tried with this");
                return Finding::bad(CHECK, Level::Warning, found, remedy);
            }
            Finding::ok(CHECK, found)
        }
        Err(error) => Finding::bad(
            CHECK,
            Level::Failure,
            error,
            "start Docker, or name its address with --docker-url",
        ),
    }
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn containers(looked_for: usize, found: usize) -> Finding {
    const CHECK: &str = "containers";
    let what = format!("the cgroups of {found} of {looked_for} running containers were found");
    if found < looked_for {
        return Finding::bad(
            CHECK,
            Level::Failure,
            what,
            "name the node's /proc with --proc-root and its cgroup trees with --cgroup-root",
        );
    }
    Finding::ok(CHECK, what)
}

fn address(at: &ListenAddress, state: &AddressState) -> Finding {
    const CHECK: &str = "address";
    match state {
        AddressState::Free => Finding::ok(CHECK, format!("{at} is free")),
        AddressState::Agent(Ok(())) => Finding::ok(CHECK, format!("an agent answers at {at}, and is ready")),
        AddressState::Agent(Err(why)) => Finding::bad(
            CHECK,
            Level::Warning,
            format!("an agent answers at {at}, and is not ready: {why}"),
            "look at its log",
        ),
        AddressState::Taken(why) => Finding::bad(
            CHECK,
            Level::Failure,
            format!("{at} cannot be served: {why}"),
            "choose another with --listen, or end the program that has it",
        ),
        AddressState::Inherited => Finding {
            level: Level::Note,
            ..Finding::ok(CHECK, format!("{at}: the service manager hands its sockets over"))
        },
    }
}

fn callers(facts: &Facts) -> Finding {
    const CHECK: &str = "callers";
    let gains = match facts.callers {
        Callers::ByCredential => return Finding::ok(CHECK, "callers over TCP need credentials"),
        Callers::AllRead => "reads what every container of this node is given, its environment too",
        Callers::AllChange => "controls this node's Docker",
    };
    if facts
        .addresses
        .iter()
        .all(|(at, _)| matches!(at, ListenAddress::Unix(_)))
    {
        return Finding::ok(CHECK, "the kernel tells who is at the other end of the unix socket");
    }
    if facts.addresses.iter().any(|(at, _)| at.is_beyond_this_machine()) {
        return Finding::bad(
            CHECK,
            Level::Warning,
            format!("whoever reaches the agent over the network {gains} (--allow-unauthenticated)"),
            "give callers tokens with --admin-token-file and --read-token-file, or certificates with --tls-client-ca",
        );
    }
    Finding::bad(
        CHECK,
        Level::Note,
        format!("every user and every container with the host's network on this machine {gains} through the agent"),
        "give callers tokens with --admin-token-file or --read-token-file, or listen on a unix socket",
    )
}

fn open_files(facts: &Facts) -> Finding {
    const CHECK: &str = "open files";
    let wanted = facts.wanted_open_files;
    match facts.most_open_files {
        Some(most) if most < wanted => Finding::bad(
            CHECK,
            Level::Warning,
            format!("{most} may be open, and --max-containers may come to need {wanted}"),
            format!("raise the hard limit to {wanted} (LimitNOFILE= in a unit, --ulimit nofile= of docker run)"),
        ),
        Some(most) => Finding::ok(CHECK, format!("{most} may be open")),
        None => Finding::ok(CHECK, "as many as the kernel has room for"),
    }
}

fn confinement(facts: &Facts) -> Finding {
    const CHECK: &str = "confinement";
    let missing: Vec<_> = [("Landlock (5.13)", facts.landlock), ("seccomp filters", facts.seccomp)]
        .into_iter()
        .filter_map(|(name, is_there)| (!is_there).then_some(name))
        .collect();
    if missing.is_empty() {
        return Finding::ok(CHECK, "Landlock and seccomp will hold the agent in bounds");
    }
    Finding::bad(
        CHECK,
        Level::Note,
        format!(
            "this kernel has no {}: there is less to hold the agent in bounds",
            missing.join(" and no ")
        ),
        "use a kernel with both, and with landlock in its lsm= list",
    )
}

#[cfg(test)]
mod tests;
