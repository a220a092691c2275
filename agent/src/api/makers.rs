//! Making texts where blocking is allowed, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::problem::Problem;

/// So many at a time: more would wait for the same CPUs. What a caller does not wait for any more is made to its end all the
/// same, so that without a bound who asks and hangs up in a loop would fill all threads.
const AT_ONCE: usize = 2;

/// Room for those who make texts.
#[derive(Clone, Debug)]
pub(super) struct Makers {
    room: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Default for Makers {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: TaskTracker::new(),
        }
    }
}

impl Makers {
    /// Waits for room, then for what `make` makes. Whoever leaves while waiting has had nothing made.
    pub(super) async fn make<V: Send + 'static>(
        &self,
        make: impl FnOnce() -> V + Send + 'static,
    ) -> Result<V, Problem> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        // never closed
        let room = room.map_err(|_| Problem::Internal)?;
        let text = tokio::task::spawn_blocking(move || {
            let text = make();
            drop(room);
            text
        });
        text.await.map_err(|error| {
            tracing::error!("a text broke: {error}");
            Problem::Internal
        })
    }

    /// [`Self::make`] that goes on whoever leaves, and gives nothing where it broke.
    pub(super) fn begin<V: Send + 'static, M: FnOnce() -> V + Send + 'static>(
        &self,
        make: M,
    ) -> impl Future<Output = Option<V>> + Send + use<V, M> {
        let makers = self.clone();
        let text = self.tasks.spawn(async move { makers.make(make).await.ok() });
        async move { text.await.ok().flatten() }
    }

    /// Waits until nothing more is made for anybody.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn few_are_made_at_a_time_whoever_leaves() {
        let makers = Makers::default();
        let (go_on, told) = mpsc::channel::<()>();
        let (told, begun) = (Arc::new(Mutex::new(told)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..50 {
            let (told, begun) = (Arc::clone(&told), Arc::clone(&begun));
            let text = makers.make(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                let _ended = told.lock().map(|told| told.recv());
            });
            assert!(text.now_or_never().is_none(), "its caller hangs up");
        }
        drop(go_on);
        assert_eq!(makers.make(|| 7).await.unwrap(), 7, "there is room again");
        assert_eq!(begun.load(Ordering::Relaxed), AT_ONCE);
    }

    #[tokio::test]
    async fn one_that_breaks_gives_its_room_back() {
        let makers = Makers::default();
        for _ in 0..2 * AT_ONCE {
            assert!(makers.make(|| panic!("on purpose")).await.map(|()| 0).is_err());
        }
        assert_eq!(makers.make(|| 7).await.unwrap(), 7);
    }
}
