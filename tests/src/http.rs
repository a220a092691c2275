//! HTTP as the tests need it: replies as plain data, requests that no proper client would send, and requests
//! over a unix socket.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// No reply takes longer than this, or the test fails. The agent's own deadlines are shorter: a minute for what Docker makes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);

/// A reply that was read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// Body as text.
    pub body: String,
}

impl Reply {
    /// The first header of that name, which is given in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body, which must be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{} with a body that is not JSON ({error}): {}", self.status, self.body))
    }

    /// The one sentence of an error reply; fails if the body has another shape.
    #[track_caller]
    pub fn error(&self) -> String {
        let body = self.json();
        let sentence = body.get("error").and_then(Value::as_str);
        sentence
            .unwrap_or_else(|| panic!("{} without an error sentence: {body}", self.status))
            .to_owned()
    }

    /// Fails unless the status is this one.
    #[track_caller]
    pub fn must_be(&self, status: u16) -> &Self {
        assert!(
            self.status == status,
            "{status} expected: {} {}",
            self.status,
            self.body
        );
        self
    }

    fn parse(bytes: &[u8]) -> io::Result<Self> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "the reply is not HTTP");
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        Ok(Self {
            status: status.ok_or_else(broken)?,
            headers: headers
                .map(|(key, value)| (key.to_lowercase(), value.trim().to_owned()))
                .collect(),
            body: body.to_owned(),
        })
    }
}

/// `GET path` of a server behind a unix socket.
pub fn get_over_unix_socket(socket: &Path, path: &str) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    // 1.0: the server closes at the end, and sends no chunks
    write!(stream, "GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n")?;
    read_reply(stream)
}

/// Writes `request` as it is, to its last byte, and reads the reply. For what a proper client would refuse to
/// send; it should ask for HTTP/1.0 or `Connection: close`.
pub fn send_raw(address: &str, request: &[u8]) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    // a server may answer and close before it has read a body that is too large
    let written = stream.write_all(request);
    read_reply(stream).map_err(|error| written.err().unwrap_or(error))
}

/// [`send_raw`] of several requests on one connection, each once the one before it was answered with a length.
pub fn send_in_turn(address: &str, requests: &[String]) -> io::Result<Vec<Reply>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    requests
        .iter()
        .map(|request| {
            stream.write_all(request.as_bytes())?;
            read_reply_with_length(&mut stream)
        })
        .collect()
}

fn read_reply_with_length(mut stream: impl Read) -> io::Result<Reply> {
    let (mut bytes, mut more) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut more)?;
        bytes.extend_from_slice(more.get(..read).unwrap_or_default());
        if let Ok(reply) = Reply::parse(&bytes)
            && let Some(length) = reply.header("content-length")
            && length.parse().is_ok_and(|length: usize| length <= reply.body.len())
        {
            return Ok(reply);
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn read_reply(mut stream: impl Read) -> io::Result<Reply> {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    // a reset after the whole reply came is how a server ends a body that it did not want to read
    match Reply::parse(&bytes) {
        Ok(reply) => Ok(reply),
        Err(error) => Err(read.err().unwrap_or(error)),
    }
}
