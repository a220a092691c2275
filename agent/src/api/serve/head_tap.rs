//! Remembers the bytes of a request's head as they came.
//!
//! A request with both a length and chunks is how requests are smuggled past a proxy that believes the other of the
//! two. hyper takes the chunks, as the RFC allows, and drops the length without telling. The agent refuses such a
//! request, and so has to see the head itself.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::MAX_HEAD_BYTES;

/// What came since the last request was taken, up to the size of a head.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads(Arc<Mutex<Vec<u8>>>);

impl Heads {
    /// The bytes since the last call: the head of the request that was just read, and what came with it.
    pub(super) fn take<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = look(&bytes);
        bytes.clear();
        seen
    }

    fn add(&self, more: &[u8]) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_HEAD_BYTES.saturating_sub(bytes.len());
        bytes.extend_from_slice(more.get(..room).unwrap_or(more));
    }
}

/// Whether a head that has `Transfer-Encoding` also has `Content-Length`, or cannot be told: of requests that were sent
/// in one piece, only the first is seen.
pub(super) fn may_have_a_length(head: &[u8]) -> bool {
    const LENGTH: &[u8] = b"content-length";
    let mut has_chunks = false;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(LENGTH) {
            return true;
        }
        has_chunks |= name.eq_ignore_ascii_case(b"transfer-encoding");
    }
    !has_chunks
}

/// A stream whose bytes are remembered on their way in.
#[derive(Debug)]
pub(super) struct HeadTap<S> {
    stream: S,
    heads: Heads,
}

impl<S> HeadTap<S> {
    pub(super) fn new(stream: S) -> (Self, Heads) {
        let heads = Heads::default();
        let tap = Self {
            stream,
            heads: heads.clone(),
        };
        (tap, heads)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(more) = buffer.filled().get(before..)
            && !more.is_empty()
        {
            self.heads.add(more);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadTap<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beside_chunks_is_seen_however_it_is_written() {
        for (head, expected) in [
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nContent-Length: 5\r\n",
                false,
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                true,
            ),
            (
                "POST / HTTP/1.1\r\nCONTENT-LENGTH:5\r\nTransfer-Encoding: chunked\r\n\r\n",
                true,
            ),
            (
                "POST / HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: chunked\n\n",
                true,
            ),
            // sent behind another request: it cannot be told
            ("", true),
            ("0\r\n\r\n", true),
        ] {
            assert_eq!(may_have_a_length(head.as_bytes()), expected, "{head:?}");
        }
    }
}
