//! One list call to Docker for all who ask at the same time.
//!
//! A list can cost the engine 0.4 CPU seconds. So callers share the call that is under way, and the reply serves for
//! up to a second more, unless the agent has seen a change since the call was made: whoever created a container finds
//! it in the next list.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use crate::{
    containers::{container::SERVICE_LABEL, naming::service_of},
    docker::{
        DockerError, Engine,
        list::{ListEntry, ListScope},
    },
};

/// How long a reply serves.
const AGE: Duration = Duration::from_secs(1);

type Call = Shared<BoxFuture<'static, Result<Arc<Listed>, DockerError>>>;

/// A reply: the running containers, entry for entry as Docker wrote them.
pub(super) struct Listed {
    entries: Vec<ListEntry>,
    all: Bytes,
    at: Instant,
}

/// The list that callers share.
pub(super) struct SharedList {
    engine: Arc<Engine>,
    /// The last call and the generation of the container table before it was made.
    last: Mutex<Option<(u64, Call)>>,
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
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            match &*last {
                Some((made_at, call)) if *made_at == generation && is_fresh(call) => call.clone(),
                _ => {
                    let call = self.call();
                    *last = Some((generation, call.clone()));
                    call
                }
            }
        };
        call.await
    }

    fn call(&self) -> Call {
        let engine = Arc::clone(&self.engine);
        async move { Ok(Arc::new(Listed::new(engine.list(ListScope::Running).await?))) }
            .boxed()
            .shared()
    }
}

/// A call under way is; a failure never is; a reply is for a while.
fn is_fresh(call: &Call) -> bool {
    match call.peek() {
        None => true,
        Some(Ok(listed)) => listed.at.elapsed() < AGE,
        Some(Err(_)) => false,
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
            let name = entry.facts.names.first().map_or("", String::as_str);
            service_of(label, name) == service
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
