//! Which containers there are on this node, and which cgroup is whose.
//!
//! [`watch::Watcher`] follows Docker's events and lists again at start, after each reconnect and once a minute.
//! What it knows is published as an immutable [`ContainerTable`], which the API resolves ids against and the sampler
//! reads; neither ever asks Docker for it.

pub mod container;
pub mod id;
pub mod image;
pub mod locate;
pub mod naming;
pub mod own;
pub mod table;
pub mod watch;

pub use container::{Container, Limits, NetworkMode, RunState};
pub use id::ContainerId;
pub use table::{ContainerTable, DockerState, OomKills};
pub use watch::Containers;
