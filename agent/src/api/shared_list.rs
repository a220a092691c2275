//! One list call to Docker for all who ask at the same time.
//!
//! A list can cost the engine 0.4 CPU seconds. So there is one call at a time, and its reply serves for up to a second more,
//! unless the agent has seen a change since the call was made: whoever created a container finds it in the next list. Where
//! changes come faster than lists, those who ask during one call share the one behind it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tokio::sync::Mutex;

use crate::{
    containers::{
        Containers,
        container::{SERVICE_LABEL, own_name},
        naming::service_of,
    },
    docker::{
        DockerError, Engine,
        list::{ListEntry, ListScope},
    },
};

/// How long a reply serves.
const AGE: Duration = Duration::from_secs(1);

/// A reply: the running containers, entry for entry as Docker wrote them.
#[derive(Debug)]
pub(super) struct Listed {
    entries: Vec<ListEntry>,
    all: Bytes,
    at: Instant,
    /// What the agent knew before the call was made.
    generation: u64,
}

/// The list that callers share.
#[derive(Debug)]
pub(super) struct SharedList {
    engine: Arc<Engine>,
    containers: Containers,
    calls: Calls,
}

/// The calls, one after the other.
#[derive(Debug, Default)]
struct Calls {
    last: ArcSwapOption<Listed>,
    ended: AtomicU64,
    /// Held while one is under way; how the last one failed, if it did.
    turn: Mutex<Option<DockerError>>,
}

impl SharedList {
    pub(super) fn new(engine: Arc<Engine>, containers: Containers) -> Self {
        Self {
            engine,
            containers,
            calls: Calls::default(),
        }
    }

    /// [`Self::get`], where that takes no call.
    pub(super) fn at_hand(&self) -> Option<Arc<Listed>> {
        self.calls.that_serves(self.containers.table().generation)
    }

    /// A list that shows at least what the agent knows now.
    pub(super) async fn get(&self) -> Result<Arc<Listed>, DockerError> {
        let generation = || self.containers.table().generation;
        let call = async || {
            // before the call: what changes meanwhile may be missing in its reply
            let generation = generation();
            let entries = self.engine.list(ListScope::Running).await?;
            Ok(Listed::new(entries, generation))
        };
        self.calls.get(generation(), call).await
    }
}

impl Calls {
    /// `call` is made when it is its turn. One whose caller leaves is given up, and the next one's is made.
    async fn get(
        &self,
        wanted: u64,
        call: impl AsyncFnOnce() -> Result<Listed, DockerError>,
    ) -> Result<Arc<Listed>, DockerError> {
        if let Some(listed) = self.that_serves(wanted) {
            return Ok(listed);
        }
        let ended_before = self.ended.load(Ordering::Acquire);
        let mut failure = self.turn.lock().await;
        if let Some(listed) = self.that_serves(wanted) {
            return Ok(listed);
        }
        // One that failed while this caller waited is its answer too: else each of many would wait for a failure of its own.
        if self.ended.load(Ordering::Acquire) != ended_before
            && let Some(error) = &*failure
        {
            return Err(error.clone());
        }
        let listed = call().await.map(Arc::new);
        *failure = listed.as_ref().err().cloned();
        if let Ok(listed) = &listed {
            self.last.store(Some(Arc::clone(listed)));
        }
        self.ended.fetch_add(1, Ordering::Release);
        listed
    }

    fn that_serves(&self, wanted: u64) -> Option<Arc<Listed>> {
        let last = self.last.load_full();
        last.filter(|last| last.generation >= wanted && last.at.elapsed() < AGE)
    }
}

impl Listed {
    fn new(entries: Vec<ListEntry>, generation: u64) -> Self {
        let all = join(entries.iter());
        Self {
            entries,
            all,
            at: Instant::now(),
            generation,
        }
    }

    /// All of it.
    pub(super) fn all(&self) -> Bytes {
        self.all.clone()
    }

    /// Only the containers of one service.
    pub(super) fn of_service(&self, service: &str) -> Bytes {
        join(self.entries.iter().filter(|entry| {
            let label = entry.facts.labels.get(SERVICE_LABEL).map(String::as_str);
            service_of(label, own_name(&entry.facts.names)) == service
        }))
    }
}

fn join<'a>(entries: impl Iterator<Item = &'a ListEntry>) -> Bytes {
    let mut text = String::from("[");
    for entry in entries {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(entry.raw.get());
    }
    text.push(']');
    text.into()
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, future::join_all};
    use tokio::sync::Notify;

    use super::*;

    /// Calls that are counted, and end when they are told to.
    #[derive(Default)]
    struct Counted {
        begun: AtomicU64,
        go_on: Notify,
    }

    impl Counted {
        async fn call(&self, generation: u64) -> Listed {
            self.begun.fetch_add(1, Ordering::Relaxed);
            self.go_on.notified().await;
            Listed::new(Vec::new(), generation)
        }

        fn begun(&self) -> u64 {
            self.begun.load(Ordering::Relaxed)
        }

        async fn wait_for(&self, begun: u64) {
            while self.begun() < begun {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn where_something_changes_all_the_time_there_is_one_call_and_one_behind_it() {
        let (calls, counted) = (Calls::default(), Counted::default());
        let first = calls.get(0, async || Ok(counted.call(0).await));
        // each has seen a change more, and the next call is made with all of them known
        let ask = |wanted| calls.get(wanted, async || Ok(counted.call(50).await));
        let others = join_all((1..=50).map(ask));
        let release = async {
            counted.wait_for(1).await;
            counted.go_on.notify_one();
            counted.wait_for(2).await;
            counted.go_on.notify_one();
        };
        let (first, others, ()) = tokio::join!(first, others, release);
        assert_eq!(first.unwrap().generation, 0);
        assert!(others.into_iter().all(|listed| listed.unwrap().generation == 50));
        assert_eq!(counted.begun(), 2);
        ask(50).now_or_never().expect("the reply serves for a while").unwrap();
    }

    #[tokio::test]
    async fn one_whose_caller_leaves_keeps_nobody_waiting() {
        let (calls, counted) = (Calls::default(), Counted::default());
        let ask = || calls.get(0, async || Ok(counted.call(0).await));
        assert!(ask().now_or_never().is_none());
        counted.go_on.notify_one();
        ask().await.unwrap();
        assert_eq!(counted.begun(), 2);
    }

    #[tokio::test]
    async fn a_failure_is_that_of_all_who_waited_for_it_and_of_nobody_else() {
        let (calls, counted) = (Calls::default(), Counted::default());
        let late = || DockerError::Timeout {
            call: "list containers",
            deadline: AGE,
        };
        let fails = |_| {
            calls.get(0, async || {
                counted.call(0).await;
                Err(late())
            })
        };
        let release = async {
            counted.wait_for(1).await;
            counted.go_on.notify_one();
        };
        let (failed, ()) = tokio::join!(join_all((0..10).map(fails)), release);
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(counted.begun(), 1);
        counted.go_on.notify_one();
        calls.get(0, async || Ok(counted.call(0).await)).await.unwrap();
    }
}
