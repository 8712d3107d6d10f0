//! Numbers that count up, and the version of the specification.

use crate::json::MAX_INTEGER;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A file's version: at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct Version(u64);

impl Version {
    /// Where a role begins.
    pub const FIRST: Version = Version(1);

    /// None for 0, and for what JSON readers do not hold exactly.
    pub fn new(number: u64) -> Option<Self> {
        (1..=MAX_INTEGER)
            .contains(&number)
            .then_some(Version(number))
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The one after it; none after the last that can be written.
    pub fn next(self) -> Option<Self> {
        Version::new(self.0 + 1)
    }
}

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        Version::new(number).ok_or_else(|| format!("{number} is no version"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `1.x` or `1.x.y`: another major version is another format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SpecVersion(String);

impl SpecVersion {
    /// What this crate was written after.
    pub fn current() -> Self {
        SpecVersion("1.0.34".to_owned())
    }
}

impl TryFrom<String> for SpecVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = text.split('.').collect();
        let known = (2..=3).contains(&parts.len())
            && parts.iter().all(|part| number(part))
            && parts.first() == Some(&"1");
        if known {
            Ok(SpecVersion(text))
        } else {
            Err(format!("specification {text:?} is not of the 1.x series"))
        }
    }
}
