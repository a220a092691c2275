//! Handing a listening socket to another process, as socket activation does.

use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// A descriptor travels beside a byte, never alone.
const COMPANION: [u8; 1] = [0];

/// Sends the listener to the process that waits at `path`.
pub(crate) fn give(listener: &TcpListener, path: &str) -> Result<(), String> {
    let stream = UnixStream::connect(path).map_err(|error| format!("{path}: {error}"))?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = SendAncillaryBuffer::new(&mut space);
    let descriptors = [listener.as_fd()];
    if !message.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err("the buffer has no room for a descriptor".to_owned());
    }
    sendmsg(&stream, &[IoSlice::new(&COMPANION)], &mut message, SendFlags::empty())
        .map(|_| ())
        .map_err(|error| format!("{path}: {error}"))
}

/// Waits at `path` until a listener is given.
pub(crate) fn take(path: &str) -> Result<TcpListener, String> {
    let waiting = UnixListener::bind(path).map_err(|error| format!("{path}: {error}"))?;
    let taken = receive(&waiting).map_err(|error| format!("{path}: {error}"));
    fs::remove_file(path).map_err(|error| format!("{path}: {error}"))?;
    taken?.ok_or_else(|| format!("{path}: no descriptor came"))
}

fn receive(waiting: &UnixListener) -> io::Result<Option<TcpListener>> {
    let (stream, _) = waiting.accept()?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut message = RecvAncillaryBuffer::new(&mut space);
    let mut byte = COMPANION;
    recvmsg(
        &stream,
        &mut [IoSliceMut::new(&mut byte)],
        &mut message,
        RecvFlags::empty(),
    )?;
    let listener = message.drain().find_map(|part| match part {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok(listener.map(TcpListener::from))
}
