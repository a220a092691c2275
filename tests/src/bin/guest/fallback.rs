//! Where the kernel cannot count, the agent says so, once and in one sentence, and serves all the same.

use std::time::Duration;

use agent_tests::agent::AgentCommand;
use agent_tests::process::Signal;
use agent_tests::programs;

use crate::cgroups;
use crate::row::Row;
use crate::stage::Stage;
use crate::verdict::Verdict;
use crate::verifier;

const END_DEADLINE: Duration = Duration::from_secs(20);

/// All checks of a row on which the agent falls back with `reason` in its sentence.
pub(crate) fn check(row: &Row, reason: &str, verdict: &mut Verdict) {
    let stage = verdict.check("containers by hand", || {
        if row.classid {
            cgroups::set_classid().expect("the hierarchy net_cls is mounted");
        }
        Stage::set()
    });
    let Some(stage) = stage else { return };
    verdict.check("programs pass the verifier", verifier::takes_what_the_agent_carries);
    let agent = AgentCommand::for_docker(&stage.url()).start();
    verdict.check("falls back and says so", || {
        let status = agent.get("/status").must_be(200).json();
        assert_eq!(status["source"], "docker", "{status}");
        let said = status["source_reason"].as_str().expect("the API tells the reason");
        println!("vm: fact: source: `docker`: {said}");
        assert!(said.contains(reason), "{reason:?} is expected: {said}");
        let log = agent.log();
        let times = log.lines().filter(|line| line.contains(said)).count();
        assert_eq!(times, 1, "the log says it once: {log}");
    });
    verdict.check("follows containers", || {
        let listed = agent.get("/containers").must_be(200).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
        agent.get(&format!("/container/{}", stage.left.id)).must_be(200);
    });
    verdict.check("leaves nothing in the kernel", || {
        assert!(
            programs::loaded_by_agents().is_empty(),
            "{:?}",
            programs::loaded_by_agents()
        );
    });
    verdict.check("ends clean", || {
        agent.signal(Signal::TERM);
        let status = agent.wait_for_end(END_DEADLINE);
        assert!(status.success(), "{status}: {}", agent.log());
    });
}
