//! How long a caller may leave its reply lying.
//!
//! A reply that is larger than the kernel's buffers waits in the agent until the caller takes it. One that takes nothing at
//! all for a while is let go, and whoever waits in such a way is known, so that it is not taken for one that rests.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A stream on which writing makes headway within a time, or fails.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    is_blocked: Arc<AtomicBool>,
    /// Only while it is blocked.
    end: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// `is_blocked` is kept up to date: whether a reply lies here that the caller does not take.
    pub(super) fn new(stream: S, patience: Duration, is_blocked: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            patience,
            is_blocked,
            end: None,
        }
    }

    fn within_patience<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.end.take().is_some() {
                // a hint to whoever looks for a seat: no memory depends on it
                self.is_blocked.store(false, Ordering::Relaxed);
            }
            return written;
        }
        let patience = self.patience;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(patience)));
        self.is_blocked.store(true, Ordering::Relaxed);
        ready!(end.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_patience(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.within_patience(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.within_patience(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    /// Long beside what a busy machine keeps a task waiting.
    const PATIENCE: Duration = Duration::from_millis(400);

    #[tokio::test]
    async fn whoever_takes_nothing_is_let_go_and_known_meanwhile() {
        let (ours, _theirs) = duplex(16);
        let is_blocked = Arc::new(AtomicBool::new(false));
        let mut stream = Patient::new(ours, PATIENCE, Arc::clone(&is_blocked));
        stream.write_all(&[0; 16]).await.unwrap();
        assert!(!is_blocked.load(Ordering::Relaxed));
        let error = stream.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(is_blocked.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn whoever_takes_it_slowly_gets_all_of_it() {
        let (ours, mut theirs) = duplex(16);
        let is_blocked = Arc::new(AtomicBool::new(false));
        let mut stream = Patient::new(ours, PATIENCE, Arc::clone(&is_blocked));
        let reader = async move {
            let mut taken = 0;
            let mut some = [0; 8];
            while let Ok(length @ 1..) = theirs.read(&mut some).await {
                taken += length;
                // the pace of a slow line, and no wait
                sleep(PATIENCE / 5).await;
            }
            taken
        };
        let writer = async {
            stream.write_all(&[0; 200]).await.unwrap();
            drop(stream);
        };
        let (taken, ()) = tokio::join!(reader, writer);
        assert_eq!(taken, 200, "it took longer than the patience in all");
        assert!(!is_blocked.load(Ordering::Relaxed));
    }
}
