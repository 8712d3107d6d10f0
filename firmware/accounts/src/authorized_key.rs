//! A public key that lets somebody in, as a line of `authorized_keys`.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Those that the SSH server verifies.
const ALGORITHMS: [&str; 5] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
];
/// A key of 16,384 bits of RSA has 2,800.
const MAX_BYTES: usize = 8192;

/// `ALGORITHM BASE64 [COMMENT]`, the form of a `.pub` file. Options in front are refused:
/// whoever restricts a key must not find it unrestricted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorizedKey(String);

/// Why a line is no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The line does not begin with an algorithm that is known.
    Algorithm(String),
    /// Behind the algorithm stands no key of that algorithm.
    Content(String),
    /// It has control characters, or is too long.
    Line,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(word) => write!(
                f,
                "cannot use a key that begins with {word:?}: take the line of a .pub file, \
                 without options, of one of {}",
                ALGORITHMS.join(", ")
            ),
            Self::Content(algorithm) => write!(
                f,
                "cannot use a key: what follows {algorithm} is not such a key; copy the line of \
                 the .pub file whole"
            ),
            Self::Line => write!(
                f,
                "cannot use a key: it is one line of at most {MAX_BYTES} bytes"
            ),
        }
    }
}

impl std::error::Error for KeyError {}

impl AuthorizedKey {
    /// Takes a line of a `.pub` file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let line = line.trim();
        if line.len() > MAX_BYTES || line.chars().any(char::is_control) {
            return Err(KeyError::Line);
        }
        let mut words = line.split_ascii_whitespace();
        let algorithm = words.next().unwrap_or_default();
        if !ALGORITHMS.contains(&algorithm) {
            let shown: String = algorithm.chars().take(40).collect();
            return Err(KeyError::Algorithm(shown));
        }
        let content = words.next().and_then(|word| Base64::decode_vec(word).ok());
        if content.is_none_or(|bytes| !begins_with(&bytes, algorithm)) {
            return Err(KeyError::Content(algorithm.to_owned()));
        }
        Ok(Self(line.to_owned()))
    }

    /// The whole line, without an end of line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key's bytes name their algorithm themselves: RFC 4253, section 6.6.
fn begins_with(bytes: &[u8], algorithm: &str) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    let length = u32::from_be_bytes(*length) as usize;
    length == algorithm.len() && rest.len() > length && rest.starts_with(algorithm.as_bytes())
}

impl TryFrom<String> for AuthorizedKey {
    type Error = KeyError;

    fn try_from(line: String) -> Result<Self, KeyError> {
        Self::parse(&line)
    }
}

impl From<AuthorizedKey> for String {
    fn from(key: AuthorizedKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGDbqKcpzGgkvGFHXq/g0mGw0A9jHJ3yZtD4cVxJwP4a me@laptop";

    #[test]
    fn the_line_of_a_pub_file_is_a_key() {
        assert_eq!(
            AuthorizedKey::parse(&format!("{KEY}\n")).unwrap().as_str(),
            KEY
        );
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        let options = format!("from=\"10.0.0.1\" {KEY}");
        for (line, error) in [
            ("", KeyError::Algorithm(String::new())),
            (
                options.as_str(),
                KeyError::Algorithm("from=\"10.0.0.1\"".to_owned()),
            ),
            ("ssh-dss AAAA", KeyError::Algorithm("ssh-dss".to_owned())),
            ("ssh-ed25519", KeyError::Content("ssh-ed25519".to_owned())),
            (
                "ssh-ed25519 AAAAC3NzaC1lZ",
                KeyError::Content("ssh-ed25519".to_owned()),
            ),
            (
                &KEY.replace("ssh-ed25519 ", "ssh-rsa "),
                KeyError::Content("ssh-rsa".to_owned()),
            ),
            (&format!("{KEY}\nssh-rsa x"), KeyError::Line),
            (&format!("{KEY}{}", "x".repeat(MAX_BYTES)), KeyError::Line),
        ] {
            assert_eq!(AuthorizedKey::parse(line), Err(error), "{line}");
        }
    }
}
