//! One list call to Docker for all who ask at the same time.
//!
//! A list can cost the engine 0.4 CPU seconds. So callers share the call that is under way, and the reply serves for
//! up to a second more, unless the agent has seen a change since the call was made: whoever created a container finds
//! it in the next list.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};

use crate::{
    containers::{
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

type Future = BoxFuture<'static, Result<Arc<Listed>, DockerError>>;

/// What the next caller may take, beside the generation of the container table before its call was made.
enum Last {
    /// Under way for as long as somebody waits for it: nobody else drives it.
    Call(WeakShared<Future>),
    Reply(Arc<Listed>),
}

/// A reply: the running containers, entry for entry as Docker wrote them.
pub(super) struct Listed {
    entries: Vec<ListEntry>,
    all: Bytes,
    at: Instant,
}

/// The list that callers share.
pub(super) struct SharedList {
    engine: Arc<Engine>,
    last: Mutex<Option<(u64, Last)>>,
}

impl fmt::Debug for SharedList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SharedList").finish_non_exhaustive()
    }
}

impl SharedList {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            last: Mutex::new(None),
        }
    }

    /// A list that shows at least what the agent knew as `generation`.
    pub(super) async fn get(&self, generation: u64) -> Result<Arc<Listed>, DockerError> {
        let call = {
            let mut last = self.last();
            let under_way = match &*last {
                Some((made_at, Last::Reply(listed))) if *made_at == generation && listed.at.elapsed() < AGE => {
                    return Ok(Arc::clone(listed));
                }
                Some((made_at, Last::Call(call))) if *made_at == generation => call.upgrade(),
                _ => None,
            };
            // one that has failed serves nobody else
            under_way.filter(|call| call.peek().is_none()).unwrap_or_else(|| {
                let call = self.call();
                *last = call.downgrade().map(|call| (generation, Last::Call(call)));
                call
            })
        };
        let listed = call.await?;
        let mut last = self.last();
        if last.as_ref().is_some_and(|(made_at, _)| *made_at == generation) {
            *last = Some((generation, Last::Reply(Arc::clone(&listed))));
        }
        Ok(listed)
    }

    fn last(&self) -> MutexGuard<'_, Option<(u64, Last)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Shared<Future> {
        let engine = Arc::clone(&self.engine);
        async move { Ok(Arc::new(Listed::new(engine.list(ListScope::Running).await?))) }
            .boxed()
            .shared()
    }
}

impl Listed {
    fn new(entries: Vec<ListEntry>) -> Self {
        let all = join(entries.iter());
        Self {
            entries,
            all,
            at: Instant::now(),
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
