//! Traffic that several scenarios send, and what Docker says of it.

use serde_json::Value;

use crate::docker::Container;
use crate::figures::MIB_100;

/// Sends and waits until the sink has read it all. At a pace that the path carries with ease: a sender that waits
/// for the window sends smaller segments, whose headers are a larger share.
#[track_caller]
pub fn send_100_mib(sender: &Container<'_>, address: &str) {
    let (to, bytes, rate) = (format!("{address}:5201"), MIB_100.to_string(), (64 << 20).to_string());
    sender.exec(&["tcp-send", "--to", &to, "--bytes", &bytes, "--rate", &rate]);
}

/// What Docker's counters of a container's interfaces say.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceBytes {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// `None` where Docker shows no network.
pub fn interface_bytes(container: &Container<'_>) -> Option<InterfaceBytes> {
    let stats = container.stats();
    let eth0 = stats.get("networks")?.get("eth0")?;
    let bytes = |name: &str| eth0.get(name).and_then(Value::as_u64);
    Some(InterfaceBytes {
        rx: bytes("rx_bytes")?,
        tx: bytes("tx_bytes")?,
    })
}
