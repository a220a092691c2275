//! The agent's client of the Docker Engine. The only room that names bollard.
//!
//! Every call has a deadline and an error of its own kind. Only a container id, 64 hex digits and nothing else,
//! goes into the path of a call about a container.
//!
//! List and inspect are read as the engine wrote them (`raw`): callers get Docker's own representation, fields
//! that this agent has never heard of included, and a state that a closed model does not know fails nothing.

mod connect;
pub mod error;
pub mod events;
pub mod images;
pub mod inspect;
pub mod lifecycle;
pub mod list;
mod raw;
pub mod stats;
pub mod version;

pub use connect::Engine;
pub use error::DockerError;
