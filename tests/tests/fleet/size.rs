//! How large the fleet is.

use std::env;

/// Numbers of things. `cargo xtask fleet` gives them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) nodes: usize,
    pub(crate) containers: usize,
    pub(crate) moves: usize,
}

impl Size {
    /// Small where nothing is said.
    #[track_caller]
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str, otherwise| match env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}: `{text}` is no number")),
            Err(_) => otherwise,
        };
        let size = Self {
            nodes: number("BALANCER_FLEET_NODES", 3),
            containers: number("BALANCER_FLEET_CONTAINERS", 6),
            moves: number("BALANCER_FLEET_MOVES", 4),
        };
        assert!(
            (2..=9).contains(&size.nodes) && size.moves <= size.containers,
            "2 to 9 nodes, and no more moves than containers: {size:?}"
        );
        size
    }
}
