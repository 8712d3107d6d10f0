//! Revisions: which file of a snap is meant. A store's count up; `x1` came from a file.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// A revision of a snap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// Installed from a file that nobody vouches for, counted on the device.
    Local(NonZeroU32),
    /// Signed by a store.
    Store(NonZeroU32),
}

/// A text that is no revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionError(String);

impl FromStr for Revision {
    type Err = RevisionError;

    fn from_str(text: &str) -> Result<Self, RevisionError> {
        let refused = || RevisionError(text.to_owned());
        let (digits, kind): (_, fn(NonZeroU32) -> Revision) = match text.strip_prefix('x') {
            Some(digits) => (digits, Revision::Local),
            None => (text, Revision::Store),
        };
        if !digits.starts_with(|first: char| matches!(first, '1'..='9')) {
            return Err(refused());
        }
        digits.parse().map(kind).map_err(|_| refused())
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(number) => write!(f, "x{number}"),
            Self::Store(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RevisionError(text) = self;
        write!(
            f,
            "cannot read {text:?} as a revision: give a number from 1, as in 17, or x17 for one \
             that came from a file"
        )
    }
}

impl std::error::Error for RevisionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_has_one_way_to_write_it() {
        for good in ["1", "17", "x1", "4294967295"] {
            let revision: Revision = good.parse().expect(good);
            assert_eq!(revision.to_string(), good);
        }
        for bad in [
            "",
            "0",
            "x0",
            "-1",
            "01",
            "+1",
            "x",
            "X1",
            "1.0",
            "4294967296",
        ] {
            assert!(bad.parse::<Revision>().is_err(), "{bad:?}");
        }
    }
}
