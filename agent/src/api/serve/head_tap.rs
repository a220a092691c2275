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

/// What came behind the last request that was taken, up to the size of a head.
#[derive(Clone, Debug, Default)]
pub(super) struct Heads(Arc<Mutex<Came>>);

#[derive(Debug, Default)]
struct Came {
    bytes: Vec<u8>,
    /// So many more came than there was room for.
    not_kept_bytes: usize,
    /// So much of the last request's body is still to come.
    body_left_bytes: u64,
    /// The beginning of a head was not kept: from here on no head is known.
    is_lost: bool,
}

impl Heads {
    /// Shows the head of the request that was just read, with what came behind it. What is not of its body is the beginning of the
    /// next head, and stays.
    pub(super) fn take<T>(&self, body_bytes: u64, look: impl FnOnce(&[u8]) -> T) -> T {
        let mut came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = look(&came.bytes);
        came.drop_request(body_bytes);
        seen
    }

    fn add(&self, more: &[u8]) {
        let mut came = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        came.add(more);
    }
}

impl Came {
    fn add(&mut self, more: &[u8]) {
        let of_body = as_len(self.body_left_bytes).min(more.len());
        self.body_left_bytes -= of_body as u64;
        let more = more.get(of_body..).unwrap_or_default();
        let room = if self.is_lost {
            0
        } else {
            MAX_HEAD_BYTES.saturating_sub(self.bytes.len())
        };
        self.bytes.extend_from_slice(more.get(..room).unwrap_or(more));
        self.not_kept_bytes += more.len().saturating_sub(room);
    }

    fn drop_request(&mut self, body_bytes: u64) {
        let head_bytes = head_bytes(&self.bytes);
        let kept_behind = self.bytes.len() - head_bytes;
        let of_body = as_len(body_bytes).min(kept_behind + self.not_kept_bytes);
        self.body_left_bytes = body_bytes - of_body as u64;
        self.is_lost |= of_body < kept_behind + self.not_kept_bytes && self.not_kept_bytes > 0;
        let next_at = if self.is_lost {
            self.bytes.len()
        } else {
            head_bytes + of_body.min(kept_behind)
        };
        self.bytes.drain(..next_at);
        self.not_kept_bytes = 0;
    }
}

fn as_len(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The length of the head with which these bytes begin, its empty line included; all of them where there is none.
fn head_bytes(bytes: &[u8]) -> usize {
    let begins_at = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut at = begins_at;
    for line in bytes
        .get(begins_at..)
        .unwrap_or_default()
        .split_inclusive(|byte| *byte == b'\n')
    {
        at += line.len();
        if line.trim_ascii().is_empty() {
            return at;
        }
    }
    bytes.len()
}

/// Whether a head that has `Transfer-Encoding` also has `Content-Length`, or cannot be told.
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
            // not kept: it cannot be told
            ("", true),
            ("0\r\n\r\n", true),
        ] {
            assert_eq!(may_have_a_length(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn the_next_head_begins_behind_the_body_in_whatever_pieces_it_comes() {
        const FIRST: &[u8] = b"\r\nPOST / HTTP/1.1\r\nContent-Length: 21\r\n\r\nTransfer-Encoding: \r\n";
        const SECOND: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        let both = [FIRST, SECOND].concat();
        let head_ends = FIRST.len() - 21;
        for first_read in head_ends..=both.len() {
            let heads = Heads::default();
            let (now, later) = both.split_at(first_read);
            heads.add(now);
            heads.take(21, |_| ());
            for byte in later {
                heads.add(&[*byte]);
            }
            heads.take(0, |bytes| assert_eq!(bytes, SECOND, "after {first_read} B"));
        }
    }

    #[test]
    fn a_head_whose_beginning_was_not_kept_is_in_doubt_and_so_are_those_behind_it() {
        let heads = Heads::default();
        heads.add(b"GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\n");
        heads.add(&[b'x'; MAX_HEAD_BYTES]);
        heads.take(0, |_| ());
        heads.add(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(heads.take(0, may_have_a_length));

        let heads = Heads::default();
        heads.add(b"POST / HTTP/1.1\r\n\r\n");
        heads.add(&[b'x'; MAX_HEAD_BYTES]);
        heads.take(MAX_HEAD_BYTES as u64 + 1, |_| ());
        heads.add(b"xPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(
            !heads.take(0, may_have_a_length),
            "a body may be larger than what is kept"
        );
    }
}
