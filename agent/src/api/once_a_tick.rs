//! Work that many ask for between two ticks and that comes out the same for all: done by the first.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};

use super::{encoding::Encoding, makers::Makers, problem::Problem};

/// `None` where it broke.
type Making<V> = Shared<BoxFuture<'static, Option<V>>>;

/// What was made of one snapshot, by what it is.
pub(super) struct OnceATick<K, V: Clone> {
    made: Mutex<Made<K, V>>,
}

struct Made<K, V: Clone> {
    seq: u64,
    by_key: HashMap<K, Making<V>>,
}

impl<K, V: Clone> fmt::Debug for OnceATick<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OnceATick").finish_non_exhaustive()
    }
}

impl<K, V: Clone> Default for OnceATick<K, V> {
    fn default() -> Self {
        Self {
            made: Mutex::new(Made {
                seq: 0,
                by_key: HashMap::new(),
            }),
        }
    }
}

impl<K: Eq + Hash, V: Clone + Send + Sync + 'static> OnceATick<K, V> {
    /// What `make` makes of the snapshot `seq`; everybody gets that of the first who came, also when that one has left.
    pub(super) async fn get(
        &self,
        makers: &Makers,
        seq: u64,
        key: K,
        make: impl FnOnce() -> V + Send + 'static,
    ) -> Result<V, Problem> {
        let making = self.making(makers, seq, key, make);
        making.await.ok_or(Problem::Internal)
    }

    /// Whoever still has an older snapshot has its text made for itself. One that broke is nobody else's.
    fn making(&self, makers: &Makers, seq: u64, key: K, make: impl FnOnce() -> V + Send + 'static) -> Making<V> {
        let mut known = self.made();
        if seq > known.seq {
            *known = Made {
                seq,
                by_key: HashMap::new(),
            };
        }
        let is_newest = seq == known.seq;
        let same = known.by_key.get(&key).filter(|_| is_newest);
        if let Some(same) = same.filter(|same| !matches!(same.peek(), Some(None))) {
            return same.clone();
        }
        let making = makers.begin(make).boxed().shared();
        if is_newest {
            known.by_key.insert(key, making.clone());
        }
        making
    }

    fn made(&self) -> MutexGuard<'_, Made<K, V>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bodies of one snapshot, by what they are: each is rendered once, and compressed once for each way to compress.
#[derive(Debug)]
pub(super) struct Bodies<K>(OnceATick<(K, Encoding), Option<Bytes>>);

impl<K> Default for Bodies<K> {
    fn default() -> Self {
        Self(OnceATick::default())
    }
}

impl<K: Clone + Eq + Hash> Bodies<K> {
    /// What `render` makes of the snapshot `seq`, compressed. Nobody has a maker's room while they wait for the text that they
    /// are to compress.
    pub(super) async fn get(
        &self,
        makers: &Makers,
        seq: u64,
        key: K,
        encoding: Encoding,
        render: impl FnOnce() -> Option<Bytes> + Send + 'static,
    ) -> Result<Bytes, Problem> {
        let rendered = self.0.get(makers, seq, (key.clone(), Encoding::Identity), render);
        let text = rendered.await?.ok_or(Problem::Internal)?;
        if encoding == Encoding::Identity {
            return Ok(text);
        }
        let compress = move || encoding.encode(text);
        let compressed = self.0.get(makers, seq, (key, encoding), compress).await?;
        compressed.ok_or(Problem::Internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn each_thing_is_made_once_a_tick_however_many_ask() {
        let once = OnceATick::<&str, u64>::default();
        let (makers, times) = (Makers::default(), Arc::new(AtomicU64::new(0)));
        let ask = async |seq, key| {
            let times = Arc::clone(&times);
            let count = move || times.fetch_add(1, Ordering::Relaxed);
            once.get(&makers, seq, key, count).await.unwrap()
        };
        let all = futures_util::future::join_all((0..50).map(|_| ask(1, "a"))).await;
        assert_eq!((all, times.load(Ordering::Relaxed)), (vec![0; 50], 1));
        assert_eq!((ask(1, "b").await, ask(1, "b").await), (1, 1));
        assert_eq!((ask(2, "a").await, ask(2, "a").await), (2, 2));
        // an older snapshot's text is not kept, and does not push out the newer one's
        assert_eq!((ask(1, "a").await, ask(1, "a").await, ask(2, "a").await), (3, 4, 2));
    }

    #[tokio::test]
    async fn what_somebody_asked_for_is_not_made_again_when_they_hang_up() {
        let once = OnceATick::<&str, u64>::default();
        let (makers, made) = (Makers::default(), Arc::new(AtomicU64::new(0)));
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let counted = Arc::clone(&made);
        let first = once.get(&makers, 1, "a", move || {
            let _ended = told.recv();
            counted.fetch_add(1, Ordering::Relaxed) + 7
        });
        assert!(
            first.now_or_never().is_none(),
            "it is being made, and its caller leaves"
        );
        drop(go_on);
        let counted = Arc::clone(&made);
        let second = once.get(&makers, 1, "a", move || counted.fetch_add(1, Ordering::Relaxed));
        assert_eq!(second.await.unwrap(), 7);
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_text_that_breaks_is_the_askers_problem_and_no_one_elses() {
        let (once, makers) = (OnceATick::<&str, u64>::default(), Makers::default());
        let broken = once.get(&makers, 1, "a", || panic!("on purpose")).await;
        assert!(matches!(broken, Err(Problem::Internal)));
        assert_eq!(once.get(&makers, 1, "a", || 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_body_is_rendered_once_a_tick_however_many_encodings_are_asked_for() {
        const ALL: [Encoding; 3] = [Encoding::Gzip, Encoding::Identity, Encoding::Zstd];
        let bodies = Bodies::<&str>::default();
        let (makers, times) = (Makers::default(), Arc::new(AtomicU64::new(0)));
        let ask = async |seq, key, encoding| {
            let times = Arc::clone(&times);
            let render = move || {
                let time = times.fetch_add(1, Ordering::Relaxed);
                Some(Bytes::from(format!("{key} {time}")))
            };
            bodies.get(&makers, seq, key, encoding, render).await.unwrap()
        };
        let encoded = |text: &'static str| ALL.map(|encoding| encoding.encode(text.into()).unwrap());
        let asked = ALL.iter().cycle().take(60);
        let all = futures_util::future::join_all(asked.map(|&encoding| ask(1, "a", encoding))).await;
        assert!(all.chunks(ALL.len()).all(|bodies| bodies == encoded("a 0")));
        let compressed = (ask(1, "a", Encoding::Gzip).await, ask(1, "a", Encoding::Gzip).await);
        assert_eq!(compressed.0.as_ptr(), compressed.1.as_ptr(), "compressed once");
        for (seq, key, text) in [(1, "b", "b 1"), (2, "a", "a 2"), (2, "b", "b 3")] {
            for (encoding, expected) in ALL.into_iter().zip(encoded(text)) {
                assert_eq!(ask(seq, key, encoding).await, expected, "{seq} {encoding:?}");
            }
        }
        assert_eq!(times.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_body_that_could_not_be_rendered_is_not_compressed() {
        let (bodies, makers) = (Bodies::<&str>::default(), Makers::default());
        for encoding in [Encoding::Gzip, Encoding::Identity] {
            let broken = bodies.get(&makers, 1, "a", encoding, || None).await;
            assert!(matches!(broken, Err(Problem::Internal)), "{encoding:?}");
        }
    }
}
