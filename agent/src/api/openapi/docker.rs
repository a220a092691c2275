//! Docker's own documents, which are passed on as they come: only what callers rely on is named, and there is much more.

use std::collections::BTreeMap;

use utoipa::{
    ToSchema,
    openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type},
};

/// One container in Docker's list (`GET /containers/json` of the Engine API), with all that the engine says of it.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
pub(in super::super) struct DockerListEntry {
    /// 64 hex digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    id: String,
    /// Each with a leading slash.
    names: Vec<String>,
    image: String,
    /// In s since 1970.
    created: i64,
    ports: Vec<DockerPort>,
    labels: BTreeMap<String, String>,
    /// `running`, or `paused`.
    state: String,
    /// For people.
    status: String,
}

/// A port of a container.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
struct DockerPort {
    /// In the container.
    private_port: u16,
    /// On the host; absent where it is not published.
    public_port: Option<u16>,
    #[schema(rename = "Type")]
    protocol: String,
}

/// Docker's inspection of a container (`GET /containers/{id}/json` of the Engine API), with all that the engine says of it. `Config.Env` is
/// for admins.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
pub(in super::super) struct DockerInspection {
    /// 64 hex digits.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    id: String,
    /// With a leading slash.
    name: String,
    state: DockerState,
    config: DockerConfig,
    network_settings: DockerNetwork,
}

/// What a container does.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
struct DockerState {
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    status: String,
    running: bool,
}

/// What a container was made of.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
struct DockerConfig {
    image: String,
    #[schema(schema_with = env)]
    env: Option<Vec<String>>,
}

/// Docker writes null where the image and the caller gave none.
fn env() -> Schema {
    // an `AnyOf`, since of a `OneOf` null is taken away
    let variables = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
    AnyOfBuilder::new()
        .item(variables)
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .description(Some("`NAME=value`, or null if there is none; for admins."))
        .into()
}

/// Where a container is reached.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
struct DockerNetwork {
    /// By port and protocol, `3000/tcp`: where it is published on the host, null where it is not.
    ports: BTreeMap<String, Option<Vec<DockerBinding>>>,
}

/// A port of the host.
#[derive(ToSchema)]
#[schema(rename_all = "PascalCase")]
#[expect(dead_code, reason = "describes what Docker writes")]
struct DockerBinding {
    host_ip: String,
    /// In decimal digits.
    host_port: String,
}
