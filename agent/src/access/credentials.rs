//! The token files, read at the start, again when they change and when the operator says so.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::{Role, Stamps, TokenFileError, Tokens};

/// No list of tokens is larger, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// A token file that cannot be used. One line: the flag, the file, what is wrong.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// It could not be read.
    #[error("{flag}: {} cannot be read ({source}); name a file of tokens that the agent may read", .path.display())]
    Read {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its text is no list of tokens.
    #[error("{flag}: {} {source}", .path.display())]
    Parse {
        /// The flag.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TokenFileError,
    },
}

/// Which file has the tokens of which role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFiles {
    /// `--read-token-file`.
    pub read: Option<PathBuf>,
    /// `--admin-token-file`.
    pub admin: Option<PathBuf>,
}

impl TokenFiles {
    /// Whether the operator named none.
    pub fn is_empty(&self) -> bool {
        self.read.is_none() && self.admin.is_none()
    }

    fn load(&self) -> Result<Tokens, CredentialsError> {
        let mut tokens = Tokens::default();
        for (role, flag, path) in [
            (Role::Read, READ_FLAG, &self.read),
            (Role::Admin, ADMIN_FLAG, &self.admin),
        ] {
            let Some(path) = path else { continue };
            let text = text_of(flag, path)?;
            tokens.add(role, &text).map_err(|source| CredentialsError::Parse {
                flag,
                path: path.clone(),
                source,
            })?;
        }
        Ok(tokens)
    }

    fn stamps(&self) -> Stamps {
        Stamps::of([&self.read, &self.admin].into_iter().flatten().map(PathBuf::as_path))
    }
}

const READ_FLAG: &str = "--read-token-file";
const ADMIN_FLAG: &str = "--admin-token-file";

fn text_of(flag: &'static str, path: &Path) -> Result<String, CredentialsError> {
    let failed = |source| CredentialsError::Read {
        flag,
        path: path.to_owned(),
        source,
    };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > MOST_BYTES {
        return Err(failed(io::Error::other("it is larger than a MiB")));
    }
    fs::read_to_string(path).map_err(failed)
}

/// Tokens, and how long all of them are good.
#[derive(Debug)]
pub struct InForce {
    /// The tokens.
    pub tokens: Tokens,
    /// Cancelled when one of them is good no more.
    pub until: CancellationToken,
}

/// The tokens in force.
#[derive(Debug)]
pub struct Credentials {
    files: TokenFiles,
    in_force: ArcSwap<InForce>,
    stamps: ArcSwap<Stamps>,
}

impl Credentials {
    /// Reads the files. Every problem is one of the configuration.
    pub fn load(files: TokenFiles) -> Result<Self, CredentialsError> {
        let stamps = files.stamps();
        let tokens = files.load()?;
        Ok(Self {
            files,
            in_force: ArcSwap::from_pointee(InForce {
                tokens,
                until: CancellationToken::new(),
            }),
            stamps: ArcSwap::from_pointee(stamps),
        })
    }

    /// Those of this moment.
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Reads the files again if they changed. `Ok(true)` if they had; on an error the tokens stay as they were.
    pub fn reload_if_changed(&self) -> Result<bool, CredentialsError> {
        if **self.stamps.load() == self.files.stamps() {
            return Ok(false);
        }
        self.reload().map(|()| true)
    }

    /// Reads the files again. On an error the tokens stay as they were.
    pub fn reload(&self) -> Result<(), CredentialsError> {
        // Before the text: what is written in between is read the next time.
        self.stamps.store(Arc::new(self.files.stamps()));
        let tokens = self.files.load()?;
        let before = self.in_force();
        let has_lost_one = !tokens.has_all_of(&before.tokens);
        let until = if has_lost_one {
            CancellationToken::new()
        } else {
            before.until.clone()
        };
        self.in_force.store(Arc::new(InForce { tokens, until }));
        if has_lost_one {
            before.until.cancel();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-0123456789abcdef0123456789abcdef";
    const NEW: &str = "new-0123456789abcdef0123456789abcdef";

    fn knows(credentials: &Credentials, token: &str) -> Option<Role> {
        credentials
            .in_force()
            .tokens
            .find(token.as_bytes())
            .map(|(role, _)| role)
    }

    #[test]
    fn a_rotated_file_is_read_again_and_a_broken_one_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("admin");
        fs::write(&file, OLD).unwrap();
        let credentials = Credentials::load(TokenFiles {
            read: None,
            admin: Some(file.clone()),
        })
        .unwrap();
        assert!(!credentials.reload_if_changed().unwrap());
        let first = credentials.in_force();
        fs::write(&file, format!("{OLD}\n{NEW}\n")).unwrap();
        assert!(credentials.reload_if_changed().unwrap());
        assert_eq!(knows(&credentials, OLD), Some(Role::Admin));
        assert_eq!(knows(&credentials, NEW), Some(Role::Admin));
        fs::write(&file, "short").unwrap();
        let error = credentials.reload_if_changed().unwrap_err().to_string();
        assert!(error.starts_with("--admin-token-file: /"), "{error}");
        assert_eq!(knows(&credentials, OLD), Some(Role::Admin));
        assert!(!first.until.is_cancelled(), "whoever was let in by the old one is in");
        fs::write(&file, NEW).unwrap();
        credentials.reload().unwrap();
        assert!(first.until.is_cancelled() && !credentials.in_force().until.is_cancelled());
        assert_eq!(knows(&credentials, OLD), None, "the old one has expired");
        assert_eq!(knows(&credentials, NEW), Some(Role::Admin));
    }

    #[test]
    fn a_file_is_named_with_its_flag() {
        let dir = tempfile::tempdir().unwrap();
        let (good, bad) = (dir.path().join("good"), dir.path().join("bad"));
        fs::write(&good, OLD).unwrap();
        let load = |read: &Path, admin: &Path| {
            let files = TokenFiles {
                read: Some(read.to_owned()),
                admin: Some(admin.to_owned()),
            };
            Credentials::load(files).unwrap_err().to_string()
        };
        let absent = load(&good, &bad);
        assert!(
            absent.starts_with("--admin-token-file: /") && absent.contains("cannot be read"),
            "{absent}"
        );
        fs::write(&bad, "").unwrap();
        let empty = load(&bad, &good);
        assert!(
            empty.starts_with("--read-token-file: /") && empty.contains("has no token"),
            "{empty}"
        );
        let both = load(&good, &good);
        assert!(
            both.starts_with("--admin-token-file: /") && both.contains("also a token to read"),
            "{both}"
        );
    }
}
