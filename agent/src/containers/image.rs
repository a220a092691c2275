//! References to images, as Docker's reference grammar defines them.
//!
//! `[host[:port]/]path[:tag][@sha256:digest]`, or the id of an image: `[sha256:]` and 64 hex digits.
//! Checked here, so that nothing but a reference goes to Docker and a mistake is told before a pull is tried.

mod grammar;

use std::{fmt, str::FromStr};

/// A valid reference to an image. What it points to may not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRef {
    text: Box<str>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    /// No registry can be asked for it.
    Id,
    Named {
        repository: Box<str>,
        tag: Option<Box<str>>,
        digest: Option<Box<str>>,
    },
}

/// What to ask a registry for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullTarget<'a> {
    /// Host, port and path, as the caller wrote them.
    pub repository: &'a str,
    /// The digest if one was given, since it says more than the tag; else the tag; else `latest`.
    pub version: &'a str,
}

/// Why a text is not a reference to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImageRef {
    /// Nothing was given.
    #[error("must not be empty")]
    Empty,
    /// Longer than [`ImageRef::MAX_BYTES`], or its name longer than [`ImageRef::MAX_NAME_BYTES`].
    #[error("is too long for the name of an image")]
    TooLong,
    /// What stands before tag and digest.
    #[error("must be the name of an image such as `nginx` or `host:5000/team/app`, in lower case and without a scheme")]
    Name,
    /// What stands after the last `:`.
    #[error("must have a tag of 1 to 128 letters, digits, `_`, `.` or `-`, beginning with a letter, digit or `_`")]
    Tag,
    /// What stands after `@`.
    #[error("must have a digest of `sha256:` and 64 lower-case hex digits")]
    Digest,
}

impl ImageRef {
    /// Longest reference.
    pub const MAX_BYTES: usize = 512;
    /// Longest name: host, port and path.
    pub const MAX_NAME_BYTES: usize = 255;
    /// What Docker takes where neither tag nor digest is given.
    pub const DEFAULT_TAG: &'static str = "latest";

    /// The reference as the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What to ask a registry for; `None` for the id of an image, which only this node can know.
    pub fn pull_target(&self) -> Option<PullTarget<'_>> {
        match &self.kind {
            Kind::Id => None,
            Kind::Named {
                repository,
                tag,
                digest,
            } => Some(PullTarget {
                repository,
                version: digest.as_deref().or(tag.as_deref()).unwrap_or(Self::DEFAULT_TAG),
            }),
        }
    }
}

impl FromStr for ImageRef {
    type Err = InvalidImageRef;

    fn from_str(text: &str) -> Result<Self, InvalidImageRef> {
        if text.is_empty() {
            return Err(InvalidImageRef::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidImageRef::TooLong);
        }
        let kind = if grammar::is_image_id(text) {
            Kind::Id
        } else {
            named(text)?
        };
        Ok(Self {
            text: text.into(),
            kind,
        })
    }
}

fn named(text: &str) -> Result<Kind, InvalidImageRef> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    // A `:` with a `/` behind it belongs to the port of a host.
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (rest, None),
    };
    if repository.len() > ImageRef::MAX_NAME_BYTES {
        return Err(InvalidImageRef::TooLong);
    }
    if !grammar::is_name(repository) {
        return Err(InvalidImageRef::Name);
    }
    if tag.is_some_and(|tag| !grammar::is_tag(tag)) {
        return Err(InvalidImageRef::Tag);
    }
    if digest.is_some_and(|digest| !grammar::is_digest(digest)) {
        return Err(InvalidImageRef::Digest);
    }
    Ok(Kind::Named {
        repository: repository.into(),
        tag: tag.map(Into::into),
        digest: digest.map(Into::into),
    })
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
