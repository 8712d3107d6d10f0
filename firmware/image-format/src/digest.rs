//! A SHA-256 digest, named so that it is never confused with other 32 bytes.

use core::fmt;
use serde::{Deserialize, Serialize};

/// SHA-256 of something. Shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest(#[serde(deserialize_with = "crate::octets::deserialize")] pub [u8; 32]);

impl Digest {
    /// The digest of nothing in particular: marks a slot record without an image.
    pub const ZERO: Self = Self([0; 32]);

    /// Parses 64 hexadecimal digits; anything else is `None`.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = digits else { return None };
            *byte = hex_digit(*high)?
                .checked_mul(16)?
                .checked_add(hex_digit(*low)?)?;
        }
        Some(Self(bytes))
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn hex_round_trips_and_refuses_other_text() {
        let digest = Digest(core::array::from_fn(|i| i as u8 * 7));
        assert_eq!(Digest::parse_hex(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse_hex(""), None);
        assert_eq!(Digest::parse_hex(&"0".repeat(63)), None);
        assert_eq!(Digest::parse_hex(&"g".repeat(64)), None);
        assert_eq!(Digest::parse_hex(&"é".repeat(32)), None);
    }
}
