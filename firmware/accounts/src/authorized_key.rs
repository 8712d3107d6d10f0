//! A public key that lets somebody in, as a line of `authorized_keys`.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;

/// Those that the SSH server verifies.
const ALGORITHMS: [&str; 5] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    RSA,
];
const RSA: &str = "ssh-rsa";
/// Shorter ones are broken by those who can pay for it, and the server refuses longer ones.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;
/// Far more than the longest of them, with a comment.
const MAX_BYTES: usize = 4096;

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
    /// An RSA key of another length than the server takes, in bits.
    Length(usize),
    /// It has control characters, or is too long.
    Line,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(word) => write!(
                f,
                "cannot use a key that begins with {word:?}: take the line of a .pub file, \
                 without options, of one of {}; 'ssh-keygen -t ed25519' makes one",
                ALGORITHMS.join(", ")
            ),
            Self::Content(algorithm) => write!(
                f,
                "cannot use a key: what follows {algorithm} is not such a key; copy the line of \
                 the .pub file whole"
            ),
            Self::Length(bits) => write!(
                f,
                "cannot use a key: it is of RSA and has {bits} bits, and {} to {} are taken; \
                 'ssh-keygen -t ed25519' makes a better one",
                RSA_BITS.start(),
                RSA_BITS.end()
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
        let numbers = content
            .as_deref()
            .and_then(|bytes| behind(bytes, algorithm));
        let numbers = numbers.ok_or_else(|| KeyError::Content(algorithm.to_owned()))?;
        if algorithm == RSA {
            let bits = rsa_bits(numbers).ok_or_else(|| KeyError::Content(RSA.to_owned()))?;
            if !RSA_BITS.contains(&bits) {
                return Err(KeyError::Length(bits));
            }
        }
        Ok(Self(line.to_owned()))
    }

    /// The whole line, without an end of line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key's bytes name their algorithm themselves: RFC 4253, section 6.6. Something follows.
fn behind<'a>(bytes: &'a [u8], algorithm: &str) -> Option<&'a [u8]> {
    let (name, rest) = split_string(bytes)?;
    (name == algorithm.as_bytes() && !rest.is_empty()).then_some(rest)
}

/// Of the modulus, which stands behind the exponent, and nothing behind it.
fn rsa_bits(numbers: &[u8]) -> Option<usize> {
    let (_exponent, rest) = split_string(numbers)?;
    let (modulus, rest) = split_string(rest)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros)?;
    let bits = (modulus.len() - zeros) * 8 - first.leading_zeros() as usize;
    rest.is_empty().then_some(bits)
}

/// RFC 4251, section 5: four bytes with the length, and so many.
fn split_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
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
            ("ssh-rsa AAAA", KeyError::Content("ssh-rsa".to_owned())),
            ("ssh-ed25519", KeyError::Content("ssh-ed25519".to_owned())),
            (
                "ssh-ed25519 AAAAC3NzaC1lZ",
                KeyError::Content("ssh-ed25519".to_owned()),
            ),
            (
                &KEY.replace("ssh-ed25519 ", "ecdsa-sha2-nistp256 "),
                KeyError::Content("ecdsa-sha2-nistp256".to_owned()),
            ),
            (&format!("{KEY}\nssh-ed25519 x"), KeyError::Line),
            (&format!("{KEY}{}", "x".repeat(MAX_BYTES)), KeyError::Line),
        ] {
            assert_eq!(AuthorizedKey::parse(line), Err(error), "{line}");
        }
    }

    fn rsa(bits: usize, more: &[u8]) -> String {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        modulus[0] = 0xff >> (modulus.len() * 8 - bits);
        // A number whose first bit is set would be a negative one.
        modulus.insert(0, 0);
        let mut bytes = Vec::new();
        for part in [RSA.as_bytes(), &[1, 0, 1], &modulus] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(more);
        format!("ssh-rsa {} me@laptop", Base64::encode_string(&bytes))
    }

    #[test]
    fn an_rsa_key_is_long_enough_and_not_too_long() {
        for bits in [2048, 3072, 4096, 8192] {
            AuthorizedKey::parse(&rsa(bits, &[])).unwrap();
        }
        for bits in [1024, 2047, 8193] {
            let error = AuthorizedKey::parse(&rsa(bits, &[])).unwrap_err();
            assert_eq!(error, KeyError::Length(bits));
        }
        let error = AuthorizedKey::parse(&rsa(2048, &[0])).unwrap_err();
        assert_eq!(error, KeyError::Content(RSA.to_owned()));
    }
}
