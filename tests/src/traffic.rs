//! Traffic that several scenarios send, what the agent counted of it and what Docker says of it.

use crate::agent::Agent;
use crate::docker::Container;
use crate::figures::MIB_100;
use crate::sample::Counters;

/// The Ethernet header, which Docker's interface counters include and the agent's do not.
pub const ETHERNET_BYTES: u64 = 14;

/// Sends and waits until the sink has read it all. At a pace that the path carries with ease: a sender that waits
/// for the window sends smaller segments, whose headers are a larger share.
#[track_caller]
pub fn send_100_mib(sender: &Container<'_>, address: &str) {
    send_tcp(sender, address, MIB_100);
}

/// [`send_100_mib`] with another number of bytes.
#[track_caller]
pub fn send_tcp(sender: &Container<'_>, address: &str, bytes: u64) {
    let (to, bytes, rate) = (format!("{address}:5201"), bytes.to_string(), (64 << 20).to_string());
    sender.exec(&["tcp-send", "--to", &to, "--bytes", &bytes, "--rate", &rate]);
}

/// What Docker's counters of a container's interfaces say, all of them together.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterfaceBytes {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
}

/// `None` where Docker shows no network.
pub fn interface_bytes(container: &Container<'_>) -> Option<InterfaceBytes> {
    let stats = container.stats();
    let interfaces = stats.get("networks")?.as_object()?;
    let sum = |name: &str| {
        interfaces
            .values()
            .map(|interface| interface.get(name)?.as_u64())
            .sum::<Option<u64>>()
    };
    Some(InterfaceBytes {
        rx: sum("rx_bytes")?,
        tx: sum("tx_bytes")?,
        rx_packets: sum("rx_packets")?,
        tx_packets: sum("tx_packets")?,
    })
}

/// What a container moved while something was done.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// By the agent's counters: received, loopback left out.
    pub rx: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Segments received.
    pub rx_segments: u64,
    /// Sent, loopback left out.
    pub tx: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Segments sent.
    pub tx_segments: u64,
    /// Received over loopback.
    pub loopback_rx: u64,
    /// Sent over loopback.
    pub loopback_tx: u64,
    /// By Docker's counters; `None` where Docker shows no network.
    pub docker: Option<InterfaceBytes>,
}

impl Moved {
    #[track_caller]
    fn between(before: &Counters, after: &Counters) -> Self {
        let grown = |field: fn(&Counters) -> Option<u64>| {
            let counter = |counters| field(counters).expect("the kernel counts it");
            counter(after) - counter(before)
        };
        Self {
            rx: grown(|counters| counters.rx_bytes),
            rx_packets: grown(|counters| counters.rx_packets),
            rx_segments: grown(|counters| counters.rx_segments),
            tx: grown(|counters| counters.tx_bytes),
            tx_packets: grown(|counters| counters.tx_packets),
            tx_segments: grown(|counters| counters.tx_segments),
            loopback_rx: grown(|counters| counters.loopback_rx_bytes),
            loopback_tx: grown(|counters| counters.loopback_tx_bytes),
            docker: None,
        }
    }

    /// Received, as an interface counts it.
    pub fn rx_framed(&self) -> u64 {
        self.rx + ETHERNET_BYTES * self.rx_packets
    }

    /// Sent, as an interface counts it.
    pub fn tx_framed(&self) -> u64 {
        self.tx + ETHERNET_BYTES * self.tx_packets
    }

    /// What Docker says; fails where it shows no network.
    #[track_caller]
    pub fn docker(&self) -> InterfaceBytes {
        self.docker.expect("Docker shows a network")
    }
}

impl Agent {
    /// What each of the containers moved while `work` was done, which ends when all it sends has arrived.
    #[track_caller]
    pub fn moved<const N: usize>(&self, containers: [&Container<'_>; N], work: impl FnOnce()) -> [Moved; N] {
        let before = containers.map(|container| {
            let counters = self.settled_network(&container.id).counters;
            (counters, interface_bytes(container))
        });
        work();
        let after = containers.map(|container| self.settled_network(&container.id).counters);
        std::array::from_fn(|place| {
            let (counters, interfaces) = before[place];
            let mut moved = Moved::between(&counters, &after[place]);
            moved.docker = interfaces
                .zip(interface_bytes(containers[place]))
                .map(|(before, after)| InterfaceBytes {
                    rx: after.rx - before.rx,
                    tx: after.tx - before.tx,
                    rx_packets: after.rx_packets - before.rx_packets,
                    tx_packets: after.tx_packets - before.tx_packets,
                });
            println!("{}: {moved:?}", containers[place].name);
            moved
        })
    }
}
