//! Asks the agent all the time while something else happens, and keeps what should not have been answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_tests::agent::Agent;
use agent_tests::cgroup::kernel_cpu;
use agent_tests::machine::stolen_ns;
use agent_tests::sample::Sample;

/// Of a route that needs the engine while it is away.
const ANSWER_DEADLINE: Duration = Duration::from_secs(6);
/// The interval is 1 s: no sample is left out.
const LONGEST_GAP_MS: u64 = 2000;
/// `cpu.stat` may be a tick behind, and a sample is read a moment before it can be asked for.
const ACCOUNT_SLACK_NS: u64 = 100_000_000;

/// One agent, one busy container.
pub(crate) struct Watch<'a> {
    agent: &'a Agent,
    id: &'a str,
    over: AtomicBool,
    wrong: Mutex<Vec<String>>,
    seen: Mutex<Seen>,
}

/// How often and for how long.
#[derive(Debug, Default)]
struct Seen {
    statuses: usize,
    samples: usize,
    lists_refused: usize,
    slowest_list: Duration,
    longest_gap_ms: u64,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(agent: &'a Agent, id: &'a str) -> Self {
        let (wrong, seen) = (Mutex::default(), Mutex::default());
        Self {
            agent,
            id,
            over: AtomicBool::new(false),
            wrong,
            seen,
        }
    }

    /// The watching ends with what is given back.
    pub(crate) fn end_on_drop(&self) -> EndOnDrop<'_> {
        EndOnDrop(&self.over)
    }

    /// `/status` is 200 throughout, and so is the container's, with figures that go on and are the kernel's.
    pub(crate) fn node_and_container(&self) {
        let account = Account::of(self.id);
        let (mut last_sample_ms, mut at_last_look_ns) = (0, 0);
        while !self.over.load(Ordering::Relaxed) {
            let before_ns = account.now_ns();
            match self.agent.try_get("/status") {
                Ok(reply) if reply.status == 200 => self.see(|seen| seen.statuses += 1),
                other => self.complain(format!("/status: {other:?}")),
            }
            match self.agent.try_sample(self.id) {
                Ok(sample) if last_sample_ms == 0 => last_sample_ms = sample.sampled_at_ms,
                Ok(sample) if sample.sampled_at_ms > last_sample_ms => {
                    let gap_ms = sample.sampled_at_ms - last_sample_ms;
                    last_sample_ms = sample.sampled_at_ms;
                    self.see(|seen| {
                        seen.samples += 1;
                        seen.longest_gap_ms = seen.longest_gap_ms.max(gap_ms);
                    });
                    if sample.net.tx == 0.0 || sample.cpu == 0.0 {
                        self.complain(format!("the load is not in {sample:?}"));
                    }
                    if let Err(why) = account.has(&sample, at_last_look_ns) {
                        self.complain(why);
                    }
                }
                Ok(_) => {}
                Err(error) => self.complain(format!("status of the container: {error}")),
            }
            at_last_look_ns = before_ns;
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// `/containers` is answered in time, whatever the answer.
    pub(crate) fn list(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let start = Instant::now();
            let answer = self.agent.try_get("/containers");
            let took = start.elapsed();
            self.see(|seen| seen.slowest_list = seen.slowest_list.max(took));
            match answer {
                Ok(reply) if reply.status == 200 => {}
                Ok(reply) if matches!(reply.status, 503 | 504) => {
                    self.see(|seen| seen.lists_refused += 1);
                }
                other => self.complain(format!("/containers: {other:?}")),
            }
            if took >= ANSWER_DEADLINE {
                self.complain(format!("/containers took {took:?}"));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn see(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().expect("no watcher panics"));
    }

    fn complain(&self, what: String) {
        self.wrong.lock().expect("no watcher panics").push(what);
    }

    /// Fails if anything was not as it should be.
    #[track_caller]
    pub(crate) fn report(&self) {
        let wrong = self.wrong.lock().expect("no watcher panics");
        let seen = self.seen.lock().expect("no watcher panics");
        println!("{seen:?}");
        assert!(
            wrong.is_empty(),
            "{} answers were wrong, such as {:?}",
            wrong.len(),
            wrong[0]
        );
        assert!(seen.lists_refused > 0, "the engine was never away: {seen:?}");
        assert!(seen.longest_gap_ms <= LONGEST_GAP_MS, "the sampler paused: {seen:?}");
    }
}

/// The kernel's own account of a container. How much of a CPU its load gets depends on what else runs; this tells what
/// it got.
struct Account<'a> {
    id: &'a str,
    /// A clock counts it for whoever is on the CPU, the account does not.
    stolen_before_ns: u64,
}

impl<'a> Account<'a> {
    fn of(id: &'a str) -> Self {
        Self {
            id,
            stolen_before_ns: stolen_ns(),
        }
    }

    fn now_ns(&self) -> u64 {
        kernel_cpu(self.id).finest_ns()
    }

    /// An error unless a sample that was not there at the last look counts what the account says, between then and now.
    fn has(&self, sample: &Sample, at_last_look_ns: u64) -> Result<(), String> {
        let (counted_ns, now_ns) = (sample.counters.cpu(), self.now_ns());
        let least_ns = at_last_look_ns.saturating_sub(ACCOUNT_SLACK_NS);
        let most_ns = now_ns + ACCOUNT_SLACK_NS + (stolen_ns() - self.stolen_before_ns);
        if (least_ns..=most_ns).contains(&counted_ns) {
            Ok(())
        } else {
            Err(format!(
                "{counted_ns} ns in {sample:?}; the kernel's account: {at_last_look_ns} ns, then {now_ns} ns"
            ))
        }
    }
}

/// Ends the watching when it goes out of scope.
pub(crate) struct EndOnDrop<'a>(&'a AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
