//! Who may do what: tokens, certificates, users of a unix socket, host names and origins. Plain data and decisions;
//! nothing here knows a server.
//!
//! Two roles: whoever may read sees figures and containers, whoever is an admin also creates and deletes. A credential
//! that is shown and wrong refuses the request, whatever else the caller has.

pub mod credentials;
pub mod host;
pub mod origin;
pub mod stamps;
pub mod tokens;

use std::{path::PathBuf, sync::Arc};

pub use credentials::Credentials;
pub use host::HostNames;
pub use stamps::Stamps;
pub use tokens::{TokenFileError, Tokens};

/// What a caller may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// All `GET` routes, without the environment of containers.
    Read,
    /// All routes.
    Admin,
}

impl Role {
    /// As it stands in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// What admins may do, beyond their role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Only containers that carry the agent's label are deleted.
    pub managed_only: bool,
    /// Images that may be run begin with one of these, as the caller writes them; all may if there is none. A prefix ends where a part of the name does.
    pub image_allow: Vec<String>,
}

impl Policy {
    /// Whether containers of this image may be created.
    pub fn allows_image(&self, image: &str) -> bool {
        self.image_allow.is_empty() || self.image_allow.iter().any(|prefix| begins_with(image, prefix))
    }
}

/// Whether an image's name begins with a prefix, and the prefix ends where a part of the name does. Else `web` would allow
/// `web.example/any`, which comes from another registry, and `registry.example/team` the images of `registry.example/team2`.
///
/// Behind a prefix without a `/` comes only a tag or a digest: what comes in front of the first `/` may name a registry.
fn begins_with(image: &str, prefix: &str) -> bool {
    let Some(rest) = image.strip_prefix(prefix) else {
        return false;
    };
    let is_of_the_last_part = !rest.contains('/');
    match rest.chars().next() {
        None => true,
        Some(_) if prefix.ends_with('/') => true,
        Some('/') => prefix.contains('/'),
        Some(':' | '@') => is_of_the_last_part,
        Some(_) => {
            let last_part = prefix.rsplit('/').next().unwrap_or(prefix);
            is_of_the_last_part && last_part.contains([':', '@'])
        }
    }
}

/// Which files TLS is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `--tls-cert`: the agent's certificate and those that lead to its issuer.
    pub certificates: PathBuf,
    /// `--tls-key`.
    pub key: PathBuf,
    /// `--tls-client-ca`: who issues the certificates of callers.
    pub client_ca: Option<PathBuf>,
    /// `--tls-admin`: DNS names of a certificate whose holder is an admin.
    pub admins: Vec<String>,
}

/// How a caller came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, with or without TLS.
    Tcp {
        /// A certificate that the handshake verified.
        certificate: Option<Certificate>,
    },
    /// A unix socket: the kernel tells who is at its other end.
    Unix {
        /// The user.
        uid: u32,
    },
}

/// A verified client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What it is called in the log: the name that made it an admin's, or the beginning of its SHA-256.
    pub name: Arc<str>,
    /// What it is good for.
    pub role: Role,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What the log calls them; never a secret.
    pub who: Who,
    /// What they may do.
    pub role: Role,
}

/// How a caller is called in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// No credentials are asked for.
    Anyone,
    /// The holder of a token of this role's file, by its line.
    Token(Role, usize),
    /// The holder of a certificate.
    Certificate(Arc<str>),
    /// A user of this machine.
    User(u32),
}

impl std::fmt::Display for Who {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anyone => formatter.write_str("anyone"),
            Self::Token(role, line) => write!(formatter, "{} token, line {line}", role.name()),
            Self::Certificate(name) => write!(formatter, "certificate {name}"),
            Self::User(uid) => write!(formatter, "user {uid}"),
        }
    }
}

/// The caller showed no credential, or one that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unauthenticated;

/// What the decision needs to know of this agent.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The tokens of this moment.
    pub tokens: &'a Tokens,
    /// Whether callers over TCP have to show something at all.
    pub asks_for_credentials: bool,
    /// The user that the agent runs as, who is an admin on a unix socket like root.
    pub own_uid: u32,
    /// Nothing is created or deleted: whoever shows nothing has no need of more than to read, and sees no environment.
    pub changes_nothing: bool,
}

/// Who this is, from how they came and what they show. `authorization` is the header's value as it came.
pub fn identify(
    rules: Rules<'_>,
    transport: &Transport,
    authorization: Option<&[u8]>,
) -> Result<Caller, Unauthenticated> {
    let by_connection = match transport {
        Transport::Unix { uid } => Some(Caller {
            who: Who::User(*uid),
            // The mode of the socket lets in whom the operator trusts to read.
            role: if *uid == 0 || *uid == rules.own_uid {
                Role::Admin
            } else {
                Role::Read
            },
        }),
        Transport::Tcp {
            certificate: Some(certificate),
        } => Some(Caller {
            who: Who::Certificate(Arc::clone(&certificate.name)),
            role: certificate.role,
        }),
        Transport::Tcp { certificate: None } => None,
    };
    let by_token = match authorization {
        // An agent that knows no tokens has nothing to hold this against.
        Some(header) if !rules.tokens.is_empty() => {
            let token = bearer(header).ok_or(Unauthenticated)?;
            let (role, line) = rules.tokens.find(token).ok_or(Unauthenticated)?;
            Some(Caller {
                who: Who::Token(role, line),
                role,
            })
        }
        _ => None,
    };
    match (by_connection, by_token) {
        (Some(connection), Some(token)) if token.role > connection.role => Ok(token),
        (Some(connection), _) => Ok(connection),
        (None, Some(token)) => Ok(token),
        (None, None) if rules.asks_for_credentials => Err(Unauthenticated),
        (None, None) => Ok(Caller {
            who: Who::Anyone,
            role: if rules.changes_nothing { Role::Read } else { Role::Admin },
        }),
    }
}

/// The token of `Bearer TOKEN` (RFC 6750, 2.1); the scheme's name is of any case (RFC 9110, 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(6)?;
    let token = rest.strip_prefix(b" ")?.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests;
