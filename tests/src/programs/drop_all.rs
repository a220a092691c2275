//! A `cgroup_skb` program that lets no packet pass.

use super::object_file::cgroup_skb;

/// The program in the object.
pub const NAME: &str = "drop_all";

/// An object file with the program in it, as a loader takes it.
pub fn object() -> Vec<u8> {
    let answer_0 = [(0xb7, 0x00, 0, 0), (0x95, 0x00, 0, 0)];
    cgroup_skb(NAME, &answer_0, None)
}
