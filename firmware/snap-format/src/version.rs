//! A snap's version: for people. What is newer is decided by the revision.

use std::fmt;
use std::str::FromStr;

/// What a snap's maker calls it: `1.10`, `2024-05-1+git`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SnapVersion(String);

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError(String);

impl SnapVersion {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SnapVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let first = |byte: &u8| byte.is_ascii_alphanumeric();
        let last = |byte: &u8| first(byte) || b"+~".contains(byte);
        let inside = |byte: &u8| last(byte) || b":.-".contains(byte);
        let bytes = text.as_bytes();
        let good = match bytes {
            [only] => first(only),
            [head, middle @ .., tail] => {
                first(head) && last(tail) && middle.iter().all(inside) && bytes.len() <= 32
            }
            [] => false,
        };
        if good {
            Ok(SnapVersion(text.to_owned()))
        } else {
            Err(VersionError(text.to_owned()))
        }
    }
}

impl fmt::Display for SnapVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot use {:?} as version: use 1 to 32 letters, digits and :.+~-, a letter or digit \
             first, and none of :.- last",
            self.0
        )
    }
}

impl std::error::Error for VersionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_short_and_printable() {
        let (longest, too_long) = ("1".repeat(32), "1".repeat(33));
        for good in ["1", "1.10", "0+git~", "a:b-c", &longest] {
            assert!(good.parse::<SnapVersion>().is_ok(), "{good}");
        }
        for bad in ["", "~", ".1", "1.", "1 2", "ä", "1/2", &too_long] {
            assert!(bad.parse::<SnapVersion>().is_err(), "{bad}");
        }
    }
}
