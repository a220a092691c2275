//! A container of a private engine.

use serde_json::Value;

use super::{PrivateDocker, image};
use crate::command;

/// A container that was started; it goes with its engine, or with [`Container::remove`].
#[derive(Debug)]
pub struct Container<'docker> {
    docker: &'docker PrivateDocker,
    /// Docker's full id.
    pub id: String,
    /// Its name, without a slash.
    pub name: String,
}

impl PrivateDocker {
    /// Starts `workload command...` in a container; `options` are those of `docker run`.
    #[track_caller]
    pub fn run(&self, name: &str, options: &[&str], command: &[&str]) -> Container<'_> {
        let words = Self::container_words("run", &["--detach"], name, options, command);
        Container {
            docker: self,
            id: self.cli(&words),
            name: name.to_owned(),
        }
    }

    /// Makes a container that does not run yet: [`Container::start`] starts it.
    #[track_caller]
    pub fn create(&self, name: &str, options: &[&str], command: &[&str]) -> Container<'_> {
        let words = Self::container_words("create", &[], name, options, command);
        Container {
            docker: self,
            id: self.cli(&words),
            name: name.to_owned(),
        }
    }

    /// Runs `workload command...` in a container to its end, and until Docker has removed it.
    #[track_caller]
    pub fn run_to_end(&self, name: &str, options: &[&str], command: &[&str]) -> String {
        self.cli(&Self::container_words("run", &["--rm"], name, options, command))
    }

    fn container_words<'a>(
        verb: &'a str,
        first: &[&'a str],
        name: &'a str,
        options: &[&'a str],
        command: &[&'a str],
    ) -> Vec<&'a str> {
        let mut words = vec![verb];
        words.extend(first);
        words.extend(["--name", name]);
        words.extend(options);
        words.push(image::WORKLOAD);
        words.extend(command);
        words
    }
}

impl Container<'_> {
    /// Runs `workload command...` in the container, to its end; gives its standard output.
    #[track_caller]
    pub fn exec(&self, command: &[&str]) -> String {
        let mut words = vec!["exec", &self.id, "/workload"];
        words.extend(command);
        self.docker.cli(&words)
    }

    /// Runs any program that the container has, to its end; gives its standard output.
    #[track_caller]
    pub fn exec_program(&self, words: &[&str]) -> String {
        let mut all = vec!["exec", &self.id];
        all.extend(words);
        self.docker.cli(&all)
    }

    /// Runs a program of the machine in the container's network, and in nothing else of it.
    #[track_caller]
    pub fn in_network(&self, words: &[&str]) -> String {
        let network = format!("--net=/proc/{}/ns/net", self.pid());
        let mut all = vec!["nsenter", network.as_str()];
        all.extend(words);
        command::run(&all)
    }

    /// What it has written to standard output.
    #[track_caller]
    pub fn log(&self) -> String {
        self.docker.cli(&["logs", &self.id])
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn wait(&self) {
        self.docker.cli(&["wait", &self.id]);
    }

    /// [`Self::exec`] that gives back at once.
    #[track_caller]
    pub fn exec_detached(&self, command: &[&str]) {
        let mut words = vec!["exec", "--detach", &self.id, "/workload"];
        words.extend(command);
        self.docker.cli(&words);
    }

    /// Its address on the bridge.
    #[track_caller]
    pub fn address(&self) -> String {
        self.address_on("bridge", "IPAddress")
    }

    /// Its address on a network; `kind` is Docker's name of it, `IPAddress` or `GlobalIPv6Address`.
    #[track_caller]
    pub fn address_on(&self, network: &str, kind: &str) -> String {
        let address = self.inspect(&format!("/NetworkSettings/Networks/{network}/{kind}"));
        address
            .as_str()
            .unwrap_or_else(|| panic!("{} has no address: {address}", self.name))
            .to_owned()
    }

    /// Its first process, as the machine numbers it.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        let pid = self
            .inspect("/State/Pid")
            .as_u64()
            .and_then(|pid| u32::try_from(pid).ok());
        pid.unwrap_or_else(|| panic!("{} has no process", self.name))
    }

    /// One value of Docker's inspect, by JSON pointer; null if it is not there.
    #[track_caller]
    pub fn inspect(&self, pointer: &str) -> Value {
        let all = self.docker.api_json(&format!("/containers/{}/json", self.id));
        all.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// What Docker itself measures, one sample.
    #[track_caller]
    pub fn stats(&self) -> Value {
        self.docker
            .api_json(&format!("/containers/{}/stats?stream=false&one-shot=true", self.id))
    }

    /// Starts a container that was created or has ended.
    #[track_caller]
    pub fn start(&self) {
        self.docker.cli(&["start", &self.id]);
    }

    /// Kills and removes it, with its anonymous volumes.
    #[track_caller]
    pub fn remove(self) {
        self.docker.cli(&["rm", "--force", "--volumes", &self.id]);
    }
}
