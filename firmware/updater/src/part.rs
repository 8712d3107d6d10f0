//! The one part of a device that the API knows: its system.

/// Its name, as `snappy versions` has it.
pub(crate) const PART: &str = "system";
/// What it was called in 2014.
const OLD_NAME: &str = "ubuntu-core";

/// Whether somebody means the system by that word.
pub(crate) fn is_part(name: &str) -> bool {
    name == PART || name == OLD_NAME
}
