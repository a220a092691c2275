//! Tokens, as their files tell: one a line, so that an old one and a new one are good at the same time.
//!
//! Only digests are kept. A token that is shown is compared with each of them, in a time that does not depend on where
//! they differ or which it is.

use ring::digest::{Digest, SHA256, digest};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use thiserror::Error;

use super::Role;

/// A shorter one could be guessed: 32 hex digits are 128 bits.
const LEAST_BYTES: usize = 32;
/// A longer one does not fit the head of a request beside its other lines.
const MOST_BYTES: usize = 4096;

/// Why a file's text is no list of tokens. No message holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenFileError {
    /// Nothing but comments and empty lines.
    #[error("has no token; write one a line, such as `openssl rand -hex 32` makes")]
    Empty,
    /// A line is too short.
    #[error("line {0} is shorter than {LEAST_BYTES} characters; make one with `openssl rand -hex 32`")]
    Short(usize),
    /// A line is too long.
    #[error("line {0} is longer than {MOST_BYTES} characters")]
    Long(usize),
    /// A line has a character that no header can carry as a token (RFC 6750, 2.1).
    #[error("line {0} has characters other than letters, digits and -._~+/=")]
    Characters(usize),
    /// The other file has it too: which role it stands for is not told.
    #[error("line {0} is also a token to read")]
    InBoth(usize),
}

/// The tokens of both roles.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    known: Vec<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    digest: Digest,
    role: Role,
    /// Counted from 1, as editors do.
    line: usize,
}

impl Tokens {
    /// Reads the texts of both files; `None` where the operator names none.
    pub fn parse(read: Option<&str>, admin: Option<&str>) -> Result<Self, TokenFileError> {
        let mut tokens = Self::default();
        for (role, text) in [(Role::Read, read), (Role::Admin, admin)] {
            if let Some(text) = text {
                tokens.add(role, text)?;
            }
        }
        Ok(tokens)
    }

    /// Adds the tokens of one file. A token that is known with another role is an error of this file.
    pub(super) fn add(&mut self, role: Role, text: &str) -> Result<(), TokenFileError> {
        let before = self.known.len();
        for (index, line) in text.lines().enumerate() {
            let (number, token) = (index + 1, line.trim());
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            check(number, token)?;
            match self.find(token.as_bytes()) {
                Some((known, _)) if known != role => return Err(TokenFileError::InBoth(number)),
                Some(_) => {}
                None => self.known.push(Known {
                    digest: digest(&SHA256, token.as_bytes()),
                    role,
                    line: number,
                }),
            }
        }
        if self.known.len() == before {
            return Err(TokenFileError::Empty);
        }
        Ok(())
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether each of the others is good here too, and for the same.
    pub(super) fn has_all_of(&self, others: &Self) -> bool {
        let is_here = |other: &Known| {
            let same = |known: &Known| known.role == other.role && known.digest.as_ref() == other.digest.as_ref();
            self.known.iter().any(same)
        };
        others.known.iter().all(is_here)
    }

    /// Role and line of a token that was shown.
    pub fn find(&self, shown: &[u8]) -> Option<(Role, usize)> {
        let shown = digest(&SHA256, shown);
        // All are looked at, also behind the one that fits.
        let mut found = 0_u64;
        for (place, known) in (1..).zip(&self.known) {
            let same: Choice = shown.as_ref().ct_eq(known.digest.as_ref());
            found.conditional_assign(&place, same);
        }
        let place = usize::try_from(found).ok()?.checked_sub(1)?;
        self.known.get(place).map(|known| (known.role, known.line))
    }
}

fn check(number: usize, token: &str) -> Result<(), TokenFileError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !token.bytes().all(is_allowed) {
        return Err(TokenFileError::Characters(number));
    }
    match token.len() {
        ..LEAST_BYTES => Err(TokenFileError::Short(number)),
        LEAST_BYTES..=MOST_BYTES => Ok(()),
        _ => Err(TokenFileError::Long(number)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn several_lines_are_good_at_once_and_comments_are_none() {
        let text = format!("# new\n{A}\n\n  {B}  \r\n#{A}");
        let tokens = Tokens::parse(None, Some(&text)).unwrap();
        assert_eq!(tokens.find(A.as_bytes()), Some((Role::Admin, 2)));
        assert_eq!(tokens.find(B.as_bytes()), Some((Role::Admin, 4)));
        assert_eq!(tokens.find(b"# new"), None);
        assert_eq!(tokens.find(b""), None);
        assert!(Tokens::parse(None, None).unwrap().is_empty());
    }

    #[test]
    fn files_that_are_no_list_of_tokens_are_refused_by_their_line() {
        let long = "a".repeat(MOST_BYTES + 1);
        for (text, error) in [
            ("", TokenFileError::Empty),
            ("\n# nothing\n", TokenFileError::Empty),
            ("secret", TokenFileError::Short(1)),
            (&format!("{A}\nshort"), TokenFileError::Short(2)),
            (&format!("{A} {B}"), TokenFileError::Characters(1)),
            (&format!("\n{A}\u{0}"), TokenFileError::Characters(2)),
            (&long, TokenFileError::Long(1)),
        ] {
            assert_eq!(Tokens::parse(Some(text), None).unwrap_err(), error);
            assert!(
                !error.to_string().contains("aaaa"),
                "a message holds no part of a token"
            );
        }
        assert_eq!(
            Tokens::parse(Some(A), Some(&format!("{B}\n{A}"))).unwrap_err(),
            TokenFileError::InBoth(2)
        );
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_file_only_its_lines_are_tokens(text in ".{0,200}", shown in "[a-z0-9]{0,40}") {
            if let Ok(tokens) = Tokens::parse(Some(&text), None) {
                let is_line = text.lines().any(|line| line.trim() == shown);
                prop_assert_eq!(tokens.find(shown.as_bytes()).is_some(), is_line);
            }
        }
    }
}
