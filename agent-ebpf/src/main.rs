//! The programs that run in the kernel. They count; every decision is made in user space.
//!
//! Rules: keyed by leaf cgroup id; ids 0 and 1 (no socket, root) are not counted; a network program returns 1 on
//! every path, because 0 would drop the host's packets; what cannot be counted adds to `LOSSES`.

#![cfg_attr(target_arch = "bpf", no_std, no_main)]
#![cfg_attr(target_arch = "bpf", feature(core_intrinsics))]
#![cfg_attr(
    target_arch = "bpf",
    expect(internal_features, reason = "the one way to a relaxed atomic add on this target")
)]
#![cfg_attr(
    target_arch = "bpf",
    expect(
        clippy::inline_always,
        reason = "a call to another BPF function costs, and the verifier forgets what it knew of the pointers passed"
    ),
    expect(
        clippy::needless_pass_by_value,
        reason = "aya's macros hand the context over by value"
    )
)]
#![expect(
    unsafe_code,
    reason = "map values are raw pointers and helpers are foreign functions"
)]

#[cfg(target_arch = "bpf")]
mod add;
#[cfg(target_arch = "bpf")]
mod cpu;
#[cfg(target_arch = "bpf")]
mod entry;
#[cfg(target_arch = "bpf")]
mod maps;
#[cfg(target_arch = "bpf")]
mod network;
#[cfg(target_arch = "bpf")]
mod reference;

#[cfg(target_arch = "bpf")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The map helpers and the clock ask for no licence; `Dual MIT/GPL` keeps the door open for those that do.
#[cfg(target_arch = "bpf")]
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

/// On the host there is nothing to run: the crate exists there for editors and for clippy.
#[cfg(not(target_arch = "bpf"))]
fn main() {}
