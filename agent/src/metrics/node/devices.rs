//! Network interfaces and disks.

use std::sync::Arc;

use super::super::{Family, Kind, label, number};

/// Bytes of a sector in `/proc/diskstats`, whatever the disk has (block/stat.rst).
const SECTOR_BYTES: u64 = 512;

/// `/proc/net/dev` of the host's namespace; the ends of container links are left out, as in `GET /status`.
pub(super) fn network(text: &str) -> Vec<Family> {
    const COLUMNS: [(&str, &str); 16] = [
        ("node_network_receive_bytes", "Bytes received."),
        ("node_network_receive_packets", "Packets received."),
        ("node_network_receive_errs", "Errors of receiving."),
        ("node_network_receive_drop", "Packets dropped on receiving."),
        ("node_network_receive_fifo", "Overruns of receiving."),
        ("node_network_receive_frame", "Errors of frames."),
        ("node_network_receive_compressed", "Compressed packets received."),
        ("node_network_receive_multicast", "Multicast packets received."),
        ("node_network_transmit_bytes", "Bytes sent."),
        ("node_network_transmit_packets", "Packets sent."),
        ("node_network_transmit_errs", "Errors of sending."),
        ("node_network_transmit_drop", "Packets dropped on sending."),
        ("node_network_transmit_fifo", "Overruns of sending."),
        ("node_network_transmit_colls", "Collisions."),
        ("node_network_transmit_carrier", "Losses of the carrier."),
        ("node_network_transmit_compressed", "Compressed packets sent."),
    ];
    let none = Arc::default();
    let mut families = COLUMNS.map(|(name, help)| Family::new(name, Kind::Counter, help));
    for line in text.lines() {
        let Some((device, numbers)) = line.split_once(':') else {
            continue;
        };
        let device = device.trim();
        if device.starts_with("veth") {
            continue;
        }
        let values = numbers.split_whitespace().map(|word| word.parse().ok().map(number));
        for (family, value) in families.iter_mut().zip(values) {
            family.add(&none, vec![label("device", device.to_owned())], value);
        }
    }
    families.into()
}

/// `/proc/diskstats` (iostats.rst); disks without any traffic, as those in memory, are left out.
pub(super) fn disks(text: &str) -> Vec<Family> {
    /// Column, family, and what one of its units is.
    type Column = (usize, &'static str, &'static str, fn(u64) -> f64);
    const MS: fn(u64) -> f64 = |ms| number(ms) / 1e3;
    const SECTORS: fn(u64) -> f64 = |sectors| number(sectors.saturating_mul(SECTOR_BYTES));
    const COLUMNS: [Column; 9] = [
        (0, "node_disk_reads_completed", "Reads that are done.", number),
        (
            1,
            "node_disk_reads_merged",
            "Reads that were done as parts of others.",
            number,
        ),
        (2, "node_disk_read_bytes", "Bytes read.", SECTORS),
        (3, "node_disk_read_time_seconds", "Time of all reads.", MS),
        (4, "node_disk_writes_completed", "Writes that are done.", number),
        (
            5,
            "node_disk_writes_merged",
            "Writes that were done as parts of others.",
            number,
        ),
        (6, "node_disk_written_bytes", "Bytes written.", SECTORS),
        (7, "node_disk_write_time_seconds", "Time of all writes.", MS),
        (
            9,
            "node_disk_io_time_seconds",
            "Time in which the disk had something to do.",
            MS,
        ),
    ];
    let none = Arc::default();
    let mut families = COLUMNS.map(|(_, name, help, _)| Family::new(name, Kind::Counter, help));
    for line in text.lines() {
        let mut words = line.split_whitespace().skip(2);
        let Some(device) = words.next() else { continue };
        let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
        if is_part(device) || numbers.iter().all(|number| *number == 0) {
            continue;
        }
        for (family, (column, _, _, unit)) in families.iter_mut().zip(COLUMNS) {
            let value = numbers.get(column).copied().map(unit);
            family.add(&none, vec![label("device", device.to_owned())], value);
        }
    }
    families.into()
}

/// Partitions, whose traffic is that of their disk, and disks in memory, as `node_exporter` leaves them out.
fn is_part(device: &str) -> bool {
    let stem = device.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == device.len() {
        return false;
    }
    let of_letter = |start: &str| stem.len() == start.len() + 1 && stem.starts_with(start);
    ["ram", "zram", "loop", "fd"].contains(&stem)
        || ["sd", "hd", "vd", "xvd"].into_iter().any(of_letter)
        || stem.starts_with("nvme") && stem.ends_with('p')
}
