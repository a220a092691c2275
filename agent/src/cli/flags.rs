//! The flags, with their environment variables and defaults, as they were written: [`crate::config`] checks them.

use std::path::PathBuf;

use clap::{
    ArgAction, ValueEnum,
    builder::{BoolishValueParser, OsStringValueParser, TypedValueParser},
};

/// What to serve, to whom, and from where.
#[derive(Clone, Debug, clap::Args)]
pub struct Flags {
    /// Docker's address.
    #[arg(
        long,
        help = "Docker's address: file://PATH, unix://PATH, tcp://HOST[:PORT] or http://HOST[:PORT]",
        env = "DOCKER_URL",
        value_name = "URL",
        value_parser = text(),
        default_value = "file:///var/run/docker.sock"
    )]
    pub docker_url: String,

    /// Address to serve, IP:PORT, unix:PATH, or fd:// for sockets of systemd; may be given several times, or as a list with commas
    #[arg(
        long,
        env = "AGENT_LISTEN",
        value_name = "ADDRESS",
        value_parser = text(),
        default_value = "127.0.0.1:5000",
        value_delimiter = ','
    )]
    pub listen: Vec<String>,

    /// File of tokens that may read, one a line; read again when it changes and on SIGHUP
    #[arg(long, env = "AGENT_READ_TOKEN_FILE", value_name = "FILE")]
    pub read_token_file: Option<PathBuf>,

    /// File of tokens that may read, create and delete, one a line; read again likewise
    #[arg(long, env = "AGENT_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// Certificate of the agent and those that lead to its issuer, PEM: serve TLS; read again when it changes and on SIGHUP
    #[arg(long, env = "AGENT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of that certificate, PEM
    #[arg(long, env = "AGENT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Certificates of those who issue certificates to callers, PEM: whoever shows one may read
    #[arg(long, env = "AGENT_TLS_CLIENT_CA", value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,

    /// DNS name in a caller's certificate that makes its holder an admin; may be given several times
    #[arg(
        long,
        env = "AGENT_TLS_ADMIN",
        value_name = "NAME",
        value_parser = text(),
        value_delimiter = ',',
        requires = "tls_client_ca"
    )]
    pub tls_admin: Vec<String>,

    /// Name under which the agent is asked, beside addresses, localhost and the machine's name; may be given several times
    #[arg(long, env = "AGENT_ALLOWED_HOST", value_name = "NAME", value_parser = text(), value_delimiter = ',')]
    pub allowed_host: Vec<String>,

    /// Create and delete nothing
    #[arg(
        long,
        env = "AGENT_READ_ONLY",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true"
    )]
    pub read_only: bool,

    /// Delete only containers that this agent created
    #[arg(
        long,
        env = "AGENT_MANAGED_ONLY",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true"
    )]
    pub managed_only: bool,

    /// Create containers only of images that begin so, up to the end of a part of the name: registry.example/team/ or web; may be
    /// given several times
    #[arg(long, env = "AGENT_IMAGE_ALLOW", value_name = "PREFIX", value_parser = text(), value_delimiter = ',')]
    pub image_allow: Vec<String>,

    /// Serve callers without credentials on addresses beyond loopback
    #[arg(
        long,
        env = "AGENT_ALLOW_UNAUTHENTICATED",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true"
    )]
    pub allow_unauthenticated: bool,

    /// Label of containers that metrics carry; may be given several times, or as a list with commas
    #[arg(
        long,
        env = "AGENT_METRICS_LABEL",
        value_name = "NAME",
        value_parser = text(),
        value_delimiter = ',',
        default_value = "com.docker.compose.project,com.docker.compose.project.working_dir,com.docker.compose.service"
    )]
    pub metrics_label: Vec<String>,

    /// Where CPU and network figures come from
    #[arg(long, env = "AGENT_SOURCE", value_enum, default_value_t = SourceChoice::Auto)]
    pub source: SourceChoice,

    /// Time between two samples, 100ms to 60s
    #[arg(long, env = "AGENT_INTERVAL", value_name = "DURATION", value_parser = text(), default_value = "1s")]
    pub interval: String,

    /// The node's proc file system
    #[arg(long, env = "AGENT_PROC_ROOT", value_name = "DIR", default_value = "/proc")]
    pub proc_root: PathBuf,

    /// Where the node's cgroup trees are mounted; found in mountinfo if not given
    #[arg(long, env = "AGENT_CGROUP_ROOT", value_name = "DIR")]
    pub cgroup_root: Option<PathBuf>,

    /// When to pull the image of a container that is to be created
    #[arg(long, env = "AGENT_PULL", value_enum, default_value_t = PullPolicy::Missing)]
    pub pull: PullPolicy,

    /// The longest that pulling an image may take, 1s to 1h
    #[arg(long, env = "AGENT_PULL_TIMEOUT", value_name = "DURATION", value_parser = text(), default_value = "5m")]
    pub pull_timeout: String,

    /// Containers at one time that the kernel's tables have room for, 1 to 100000
    #[arg(
        long,
        env = "AGENT_MAX_CONTAINERS",
        value_name = "NUMBER",
        value_parser = text(),
        default_value = "1024"
    )]
    pub max_containers: String,

    /// Consul's agent on this node.
    #[arg(
        long,
        help = "Consul's agent on this node, http://HOST[:PORT]: the agent registers there as service `agent`",
        env = "AGENT_CONSUL",
        value_name = "URL",
        value_parser = text()
    )]
    pub consul: Option<String>,

    /// File of the token that Consul wants
    #[arg(long, env = "AGENT_CONSUL_TOKEN_FILE", value_name = "FILE", requires = "consul")]
    pub consul_token_file: Option<PathBuf>,

    /// What to log: a level (error, warn, info, debug, trace), or module=level pairs with commas
    #[arg(long, env = "AGENT_LOG", value_name = "FILTER", value_parser = text(), default_value = "info")]
    pub log: String,

    /// Breaks one part on purpose, for the test that proves that the part is needed.
    #[arg(long, value_enum, hide = true)]
    pub fault: Option<Fault>,

    /// Cgroups that the kernel's tables have room for, whatever --max-containers says: for the test of a full table.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..), hide = true)]
    pub map_entries: Option<u32>,
}

/// Any text. Clap's own parser of strings does not name the flag of a value that is not UTF-8.
pub(super) fn text() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|value| value.into_string().map_err(|_| "is not UTF-8 text"))
}

/// Which source of CPU and network figures the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SourceChoice {
    /// The kernel's counters where they can be had, Docker's otherwise
    Auto,
    /// The kernel's counters, or no start
    Ebpf,
    /// Docker's
    Docker,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PullPolicy {
    /// When the node has it not
    Missing,
    /// Never: creating fails for an image that the node has not
    Never,
}

/// A part that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Running tasks are not charged before a read.
    NoFlush,
    /// What a confined agent may not do is tried at the start, and the log tells what came of it.
    Attempts,
}
