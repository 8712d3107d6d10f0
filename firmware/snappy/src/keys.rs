//! The root keyring that the system carries: the one that its loader was built with.
//!
//! It comes from the verified root, so it is as trustworthy as this program. It only
//! tells a person what the loader will say; the loader never reads it.

use image_format::{Keyring, Purpose};
use image_trust::{Verified, verify_keyring};

/// Where the image builder puts the signed keyring.
pub(crate) const PATH: &str = "/usr/lib/twinkeel/root.keyring";

/// What kind of keys a device trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    Production,
    Test,
    Unknown,
}

impl Keys {
    pub(crate) fn of(keyring: Option<&Verified<Keyring>>) -> Self {
        match keyring.map(|keyring| keyring.purpose) {
            Some(Purpose::Production) => Self::Production,
            Some(Purpose::Test) => Self::Test,
            None => Self::Unknown,
        }
    }

    /// For programs: never changed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
            Self::Unknown => "unknown",
        }
    }
}

/// Reads the keyring. Whatever is wrong with it, nothing can be verified then.
pub(crate) fn read_keyring() -> Option<Verified<Keyring>> {
    verify_keyring(&std::fs::read(PATH).ok()?).ok()
}
