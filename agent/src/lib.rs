pub mod cgroup;
pub mod cli;
pub mod config;
pub mod memory;
pub mod node;
