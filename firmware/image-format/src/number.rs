//! The numbers of the boot story, each its own type.

use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// The version of a system image: counts up with each release.
    Version(u64)
}
number! {
    /// The security epoch: raised when an older image must never boot again.
    Epoch(u32)
}
number! {
    /// The serial of a delegation: raised to revoke a release key.
    Serial(u32)
}
number! {
    /// How many boots have begun on this device since manufacture.
    BootNumber(u64)
}

impl BootNumber {
    /// The number of the boot after this one. It stays at the last number: a
    /// device that boots once a second gets there in 584 billion years.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
