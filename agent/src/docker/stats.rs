//! `GET /containers/{id}/stats`: what Docker itself measures, one frame a second.

use bollard::{
    models::{ContainerMemoryStats, ContainerStatsResponse},
    query_parameters::StatsOptionsBuilder,
};
use futures_util::{Stream, StreamExt as _};

use super::{connect::Engine, error::DockerError};
use crate::containers::id::ContainerId;

/// Bytes of Ethernet header that an interface counts with each packet and L3 does not.
const ETHERNET_HEADER_BYTES: u64 = 14;

/// One frame of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatsFrame {
    /// When the engine read it, in ns since 1970.
    pub read_ns: u64,
    /// CPU time since the container started, in ns.
    pub cpu_ns: u64,
    /// Bytes and packets of the interfaces of its network namespace; `None` where Docker measures none (host
    /// network). Bytes are L3: what the interface says, less an Ethernet header a packet.
    pub net: Option<StatsNet>,
    /// Bytes in use, less inactive file cache.
    pub memory_bytes: Option<u64>,
    /// Its memory limit in bytes, or what the machine has.
    pub memory_limit_bytes: Option<u64>,
}

/// Network counters of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsNet {
    /// L3 bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// L3 bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
}

impl Engine {
    /// The frames of one container, about one a second, until it ends.
    pub fn stats(
        &self,
        id: ContainerId,
    ) -> Result<impl Stream<Item = Result<StatsFrame, DockerError>> + use<'_>, DockerError> {
        let options = StatsOptionsBuilder::default().stream(true).build();
        let stream = self.client()?.stats(&id.to_string(), Some(options));
        Ok(stream.filter_map(move |frame| {
            let frame = match frame {
                Ok(frame) => read_frame(&frame).map(Ok),
                Err(error) => Some(Err(self.failed("container stats")(error))),
            };
            std::future::ready(frame)
        }))
    }
}

/// A frame of a container that does not run carries no figures and is left out.
fn read_frame(frame: &ContainerStatsResponse) -> Option<StatsFrame> {
    let read: jiff::Timestamp = frame.read.as_ref()?.parse().ok()?;
    let read_ns = u64::try_from(read.as_nanosecond()).ok()?;
    let cpu_ns = frame.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = frame.memory_stats.as_ref();
    Some(StatsFrame {
        read_ns,
        cpu_ns,
        net: frame
            .networks
            .as_ref()
            .filter(|networks| !networks.is_empty())
            .map(|networks| {
                networks.values().fold(StatsNet::default(), |total, interface| {
                    let rx_packets = interface.rx_packets.unwrap_or(0);
                    let tx_packets = interface.tx_packets.unwrap_or(0);
                    StatsNet {
                        rx_bytes: total.rx_bytes + l3_bytes(interface.rx_bytes, rx_packets),
                        rx_packets: total.rx_packets + rx_packets,
                        tx_bytes: total.tx_bytes + l3_bytes(interface.tx_bytes, tx_packets),
                        tx_packets: total.tx_packets + tx_packets,
                    }
                })
            }),
        memory_bytes: memory.and_then(used_memory),
        memory_limit_bytes: memory.and_then(|memory| memory.limit),
    })
}

fn l3_bytes(interface_bytes: Option<u64>, packets: u64) -> u64 {
    interface_bytes
        .unwrap_or(0)
        .saturating_sub(packets * ETHERNET_HEADER_BYTES)
}

/// As `docker stats` computes it: usage less inactive file cache, where that is the smaller. On v1 both names of
/// the cache exist and the hierarchical one is right.
fn used_memory(memory: &ContainerMemoryStats) -> Option<u64> {
    let usage = memory.usage?;
    let detail = memory.stats.as_ref();
    let cache = ["total_inactive_file", "inactive_file"]
        .into_iter()
        .find_map(|name| detail.and_then(|detail| detail.get(name)).copied());
    Some(cache.and_then(|cache| usage.checked_sub(cache)).unwrap_or(usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<StatsFrame> {
        read_frame(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_frame_gives_l3_bytes_and_memory_without_cache() {
        let frame = parsed(
            r#"{"read":"2026-01-01T00:00:01.5Z","cpu_stats":{"cpu_usage":{"total_usage":7}},
                "networks":{"eth0":{"rx_bytes":1140,"rx_packets":10,"tx_bytes":0,"tx_packets":0}},
                "memory_stats":{"usage":100,"limit":500,"stats":{"inactive_file":5,"total_inactive_file":30}}}"#,
        )
        .unwrap();
        assert_eq!(frame.net.unwrap().rx_bytes, 1000);
        assert_eq!(frame.memory_bytes, Some(70));
        assert_eq!(frame.read_ns % 1_000_000_000, 500_000_000);
    }

    #[test]
    fn what_docker_does_not_measure_is_absent() {
        let frame = parsed(r#"{"read":"2026-01-01T00:00:01Z","cpu_stats":{"cpu_usage":{"total_usage":7}}}"#).unwrap();
        assert_eq!((frame.net, frame.memory_bytes), (None, None));
        assert_eq!(
            parsed(r#"{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}}}"#),
            None
        );
        assert_eq!(parsed(r#"{"read":"2026-01-01T00:00:01Z"}"#), None);
    }
}
