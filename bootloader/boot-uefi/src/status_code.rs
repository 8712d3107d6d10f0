//! What the firmware says when it refuses, for people to look up.

use core::fmt;

use uefi::Status;

/// A status by its number (UEFI 2.10, appendix D), as flight records show it too: a table
/// of the names would be two kilobytes of the loader.
pub(crate) struct StatusCode(pub(crate) Status);

impl fmt::Display for StatusCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "status {:#x}", self.0.0)
    }
}
