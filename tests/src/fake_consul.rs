//! What Consul's agent does with the calls of its HTTP API that register a service (agent/service/register and deregister,
//! agent/check/pass), as its documentation has them. For machines on which there is no Consul.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// A connection that says nothing is closed after this.
const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// A service as it was registered.
#[derive(Clone, Debug)]
pub struct Service {
    /// The body of its registration.
    pub definition: Value,
    /// How often its check was passed since.
    pub passes: u32,
}

#[derive(Debug, Default)]
struct State {
    services: BTreeMap<String, Service>,
    refused: u32,
}

/// The server; it wants a token.
#[derive(Debug)]
pub struct FakeConsul {
    address: String,
    state: Arc<Mutex<State>>,
    ending: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl FakeConsul {
    /// Serves at this address of 127.0.0.1.
    #[track_caller]
    pub fn start(port: u16, token: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (state, ending) = (Arc::new(Mutex::new(State::default())), Arc::new(AtomicBool::new(false)));
        let acceptor = thread::spawn({
            let (state, ending, token) = (Arc::clone(&state), Arc::clone(&ending), token.to_owned());
            move || {
                for stream in listener.incoming().flatten() {
                    if ending.load(Ordering::Relaxed) {
                        return;
                    }
                    // a caller that goes away early is none of the test's business
                    let _served = serve(&stream, &state, &token);
                }
            }
        });
        Self {
            address,
            state,
            ending,
            acceptor: Some(acceptor),
        }
    }

    /// What is registered, by id.
    pub fn services(&self) -> BTreeMap<String, Service> {
        lock(&self.state).services.clone()
    }

    /// Calls with another token, or none.
    pub fn refused(&self) -> u32 {
        lock(&self.state).refused
    }

    /// As after a restart without its files.
    pub fn forget_all(&self) {
        lock(&self.state).services.clear();
    }
}

impl Drop for FakeConsul {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // the acceptor waits for somebody
        let _woken = TcpStream::connect(&self.address);
        let _ended = self.acceptor.take().map(JoinHandle::join);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: &TcpStream, state: &Mutex<State>, token: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(LONGEST_SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let (mut length, mut shown) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            "x-consul-token" => value.clone_into(&mut shown),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, text) = answer(&request, &shown, &body, token, &mut lock(state));
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

fn answer(request: &str, shown: &str, body: &[u8], token: &str, state: &mut State) -> (u16, &'static str) {
    if shown != token {
        state.refused += 1;
        return (403, "Permission denied");
    }
    let Some(path) = request.strip_prefix("PUT ").and_then(|rest| rest.split(' ').next()) else {
        return (405, "method not allowed");
    };
    if path == "/v1/agent/service/register" {
        let Ok(definition) = serde_json::from_slice::<Value>(body) else {
            return (400, "Request decode failed");
        };
        let id = definition
            .get("ID")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        state.services.insert(id, Service { definition, passes: 0 });
        return (200, "");
    }
    if let Some(id) = path.strip_prefix("/v1/agent/service/deregister/") {
        return match state.services.remove(id) {
            Some(_) => (200, ""),
            None => (404, "Unknown service ID"),
        };
    }
    let check = path.strip_prefix("/v1/agent/check/pass/");
    let of_check =
        |service: &&mut Service| service.definition.pointer("/Check/CheckID").and_then(Value::as_str) == check;
    match state.services.values_mut().find(of_check) {
        Some(service) => {
            service.passes += 1;
            (200, "")
        }
        None => (404, "Unknown check ID"),
    }
}
