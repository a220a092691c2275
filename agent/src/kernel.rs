//! The kernel's side of the agent: finds out what this kernel can do, loads and attaches the programs, proves
//! that they count, and reads what they counted. The only room that names aya.
//!
//! ```text
//! probe (facts) -> plan (pure) -> start (load, attach, flush, self-test) -> read, once a tick
//! ```
//!
//! Nothing is pinned: when the process ends, however it ends, its links end and the programs are gone.

mod attach;
mod attempt;
pub mod batch;
pub mod btf;
pub mod counters;
pub mod facts;
pub mod load;
pub mod own_code;
mod owners;
pub mod plan;
pub mod reference;
pub mod selftest;
mod slot_maps;
mod slots;

pub use attempt::makes_a_namespace;
pub use counters::{KernelCounters, Losses, ProgramRuns};
pub use facts::{KernelFacts, Probe, loads_a_program};
pub use load::{KernelError, KernelSettings};
pub use plan::{CpuAccount, KernelPlan, Unavailable, plan};
