//! Processors, by Debian's names.

use std::fmt;
use std::str::FromStr;

/// A processor that a snap is made for: `amd64`, `arm64`, `armhf`, `ppc64el`, or `all`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture(String);

impl Architecture {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a snap is made for that has no machine code.
    #[must_use]
    pub fn all() -> Self {
        Architecture("all".to_owned())
    }

    /// Whether it runs on a machine of `machine`, by Debian's name.
    #[must_use]
    pub fn runs_on(&self, machine: &str) -> bool {
        self.0 == "all" || self.0 == machine
    }
}

impl FromStr for Architecture {
    type Err = std::convert::Infallible;

    /// Any text: a processor that nobody knows here is one that the snap does not run on.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Architecture(text.to_owned()))
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
