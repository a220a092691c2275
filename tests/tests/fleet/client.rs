//! What a scheduler has of an agent: an address and a token.

use agent_tests::http::{self, Reply};

/// The agent of one node.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Result<Reply, String> {
        self.send("GET", path, "")
    }

    pub(crate) fn send(&self, method: &str, path: &str, form: &str) -> Result<Reply, String> {
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            self.token,
            form.len()
        );
        http::send_raw(&self.address, request.as_bytes()).map_err(|error| format!("{}: {error}", self.address))
    }

    /// Whether it has figures and reaches its engine.
    pub(crate) fn ready(&self) -> Result<(), String> {
        let reply = self.get("/readyz")?;
        if reply.status == 200 {
            Ok(())
        } else {
            Err(format!("{} {}", reply.status, reply.body))
        }
    }
}
