//! Work that many ask for between two ticks and that comes out the same for all: done by the first.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::problem::Problem;

/// What was made of one snapshot, by what it is.
#[derive(Debug)]
pub(super) struct OnceATick<K, V> {
    made: Mutex<Made<K, V>>,
}

#[derive(Debug)]
struct Made<K, V> {
    seq: u64,
    by_key: HashMap<K, Arc<OnceCell<V>>>,
}

impl<K, V> Default for OnceATick<K, V> {
    fn default() -> Self {
        Self {
            made: Mutex::new(Made {
                seq: 0,
                by_key: HashMap::new(),
            }),
        }
    }
}

impl<K: Eq + Hash, V: Clone + Send + 'static> OnceATick<K, V> {
    /// What `make` makes of the snapshot `seq`, where others do not wait for it; everybody gets that of the first who came.
    pub(super) async fn get(&self, seq: u64, key: K, make: impl FnOnce() -> V + Send + 'static) -> Result<V, Problem> {
        let cell = self.cell(seq, key);
        let text = cell
            .get_or_try_init(async || {
                tokio::task::spawn_blocking(make).await.map_err(|error| {
                    tracing::error!("a text broke: {error}");
                    Problem::Internal
                })
            })
            .await?;
        Ok(text.clone())
    }

    /// Whoever still has an older snapshot makes its text for itself.
    fn cell(&self, seq: u64, key: K) -> Arc<OnceCell<V>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if seq > made.seq {
            *made = Made {
                seq,
                by_key: HashMap::new(),
            };
        }
        if seq < made.seq {
            return Arc::default();
        }
        Arc::clone(made.by_key.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn each_thing_is_made_once_a_tick_however_many_ask() {
        let once = Arc::new(OnceATick::<&str, u64>::default());
        let made = Arc::new(AtomicU64::new(0));
        let ask = |seq, key| {
            let (once, made) = (Arc::clone(&once), Arc::clone(&made));
            async move {
                once.get(seq, key, move || made.fetch_add(1, Ordering::Relaxed))
                    .await
                    .unwrap()
            }
        };
        let all = futures_util::future::join_all((0..50).map(|_| ask(1, "a"))).await;
        assert_eq!((all, made.load(Ordering::Relaxed)), (vec![0; 50], 1));
        assert_eq!((ask(1, "b").await, ask(1, "b").await), (1, 1));
        assert_eq!((ask(2, "a").await, ask(2, "a").await), (2, 2));
        // an older snapshot's text is not kept, and does not push out the newer one's
        assert_eq!((ask(1, "a").await, ask(1, "a").await, ask(2, "a").await), (3, 4, 2));
    }

    #[tokio::test]
    async fn a_text_that_breaks_is_the_askers_problem_and_no_one_elses() {
        let once = OnceATick::<&str, u64>::default();
        let broken = once.get(1, "a", || panic!("on purpose")).await;
        assert!(matches!(broken, Err(Problem::Internal)));
        assert_eq!(once.get(1, "a", || 7).await.unwrap(), 7);
    }
}
