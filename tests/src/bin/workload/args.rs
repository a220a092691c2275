//! `--name value` pairs and query strings, read into the few types that the commands take.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Nothing here runs longer than this.
const LONGEST: Duration = Duration::from_hours(2);

/// Named values of one command.
pub(crate) struct Args(HashMap<String, String>);

impl Args {
    /// Reads `--name value --name value`.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = words;
        let mut values = HashMap::new();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| format!("{word} is not a --name"))?;
            let value = words.next().ok_or_else(|| format!("--{name} has no value"))?;
            values.insert(name.to_owned(), value);
        }
        Ok(Self(values))
    }

    /// Reads `name=value&name=value`; values are numbers and addresses, which need no escapes.
    pub(crate) fn from_query(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value as it was written, if there is one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A whole number that must be there.
    pub(crate) fn number(&self, name: &str) -> Result<u64, String> {
        let text = self.text(name).ok_or_else(|| format!("{name} is missing"))?;
        text.parse()
            .map_err(|_| format!("{name} is not a whole number: {text}"))
    }

    /// A port that must be there.
    pub(crate) fn port(&self, name: &str) -> Result<u16, String> {
        u16::try_from(self.number(name)?).map_err(|_| format!("{name} is not a port"))
    }

    /// An address with its port, as numbers: a static program resolves no names.
    pub(crate) fn address(&self, name: &str) -> Result<SocketAddr, String> {
        let text = self.text(name).ok_or_else(|| format!("{name} is missing"))?;
        text.parse().map_err(|_| format!("{name} is not ADDRESS:PORT: {text}"))
    }

    /// Where to listen: `on`, or all of IPv4.
    pub(crate) fn listening_address(&self) -> Result<IpAddr, String> {
        let text = self.text("on");
        text.map_or(Ok(Ipv4Addr::UNSPECIFIED.into()), |text| {
            text.parse().map_err(|_| format!("on is no address: {text}"))
        })
    }

    /// A time that must be there, cut at [`LONGEST`].
    pub(crate) fn seconds(&self, name: &str) -> Result<Duration, String> {
        self.number(name)
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST))
    }

    /// A time, or the longest there is.
    pub(crate) fn seconds_or_longest(&self, name: &str) -> Result<Duration, String> {
        if self.text(name).is_some() {
            self.seconds(name)
        } else {
            Ok(LONGEST)
        }
    }

    /// How many a second; `None` is as fast as it goes.
    pub(crate) fn rate(&self, name: &str) -> Result<Option<u64>, String> {
        match self.text(name) {
            None => Ok(None),
            Some(_) => match self.number(name)? {
                0 => Err(format!("{name} must be above 0")),
                rate => Ok(Some(rate)),
            },
        }
    }
}
