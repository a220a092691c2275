//! Several things done at once.

use std::{
    num::NonZero,
    sync::{Mutex, PoisonError},
    thread::{self, ScopedJoinHandle},
};

use anyhow::{Result, bail};

/// How many CPUs this process may use; 1 where that is not known.
pub(crate) fn cpus() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does `work` with each of these, begun in their order, so many at a time. A worker ends with its first error; the others go on
/// with what is left, and that error is told in the end.
pub(crate) fn run<I, T>(
    at_once: usize,
    items: impl IntoIterator<Item = I, IntoIter: Send>,
    work: impl Fn(I) -> Result<T> + Sync,
) -> Result<Vec<T>>
where
    I: Send,
    T: Send,
{
    let waiting = Mutex::new(items.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || -> Result<Vec<T>> {
        let mut done = Vec::new();
        while let Some(item) = next() {
            done.push(work(item)?);
        }
        Ok(done)
    };
    let ended: Vec<Result<Vec<T>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        let join = |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|_| bail!("a thread broke"));
        workers.into_iter().map(join).collect()
    });
    let done: Result<Vec<Vec<T>>> = ended.into_iter().collect();
    Ok(done?.into_iter().flatten().collect())
}
