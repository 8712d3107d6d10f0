//! Names of roles and targets. They become paths, addresses and patterns of delegations, so
//! they hold nothing that means something in any of the three.

use crate::SystemPatch;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The role that lists system images.
pub const SYSTEM_ROLE: &str = "system";
/// What a snap publisher's role begins with.
pub const SNAP_ROLE_PREFIX: &str = "snaps-";

/// The longest name, in bytes.
const MAX_BYTES: usize = 64;

/// The text cannot be used as a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(pub String);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot use {:?} as a name: it takes 1 to {MAX_BYTES} of a-z, 0-9, `-`, `_` and \
             `.`, and begins with a letter or digit",
            self.0
        )
    }
}

impl std::error::Error for NameError {}

pub(crate) fn check_name(text: String) -> Result<String, NameError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let good = (1..=MAX_BYTES).contains(&text.len())
        && text.bytes().all(|b| plain(b) || b"-_.".contains(&b))
        && text.bytes().next().is_some_and(plain);
    if good { Ok(text) } else { Err(NameError(text)) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                crate::names::check_name(text).map($name)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use name;

name! {
    /// Who makes snaps, with keys of its own.
    PublisherName
}
name! {
    /// A product line, a board or a snap: what stands between the slashes of a target's name.
    ProductName
}

/// The role of a publisher of snaps.
#[must_use]
pub fn snap_role(publisher: &PublisherName) -> String {
    format!("{SNAP_ROLE_PREFIX}{publisher}")
}

/// The names that the role [`SYSTEM_ROLE`] is trusted with.
#[must_use]
pub fn system_scope() -> String {
    "system/*/*".to_owned()
}

/// The names that a publisher's role is trusted with.
#[must_use]
pub fn snap_scope(publisher: &PublisherName) -> String {
    format!("snaps/{publisher}/*")
}

/// The target of a system image.
#[must_use]
pub fn system_target(board: &ProductName, product: &ProductName, version: u64) -> String {
    format!("system/{board}/{product}-{version}.update")
}

/// The target of a patch between two of them.
#[must_use]
pub fn system_patch_target(patch: &SystemPatch) -> String {
    let SystemPatch {
        board,
        product,
        from_version,
        to_version,
        ..
    } = patch;
    format!("system/{board}/{product}-{from_version}-{to_version}.patch")
}

/// The target of a snap.
#[must_use]
pub fn snap_target(publisher: &PublisherName, name: &ProductName, revision: u64) -> String {
    format!("snaps/{publisher}/{name}_{revision}.snap")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_nothing_that_means_something_elsewhere() {
        for good in ["a", "x86_64-uefi", "rpi3", "1st", "a.b"] {
            assert!(good.parse::<ProductName>().is_ok(), "{good}");
        }
        let long = "a".repeat(MAX_BYTES + 1);
        for bad in [
            "", ".", "..", "-a", "a/b", "a*", "A", "ä", "a b", "a%2e", &long,
        ] {
            assert!(bad.parse::<PublisherName>().is_err(), "{bad}");
        }
    }
}
