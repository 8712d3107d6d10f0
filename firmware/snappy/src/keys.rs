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

#[cfg(test)]
mod tests {
    use super::Keys;
    use image_builder::signing::{KeyDirectory, KeyPlan};
    use image_format::Purpose;

    #[test]
    fn the_mark_of_the_keyring_decides() {
        let directory = tempfile::tempdir().unwrap();
        let table = [(Purpose::Test, "test"), (Purpose::Production, "production")];
        for (purpose, name) in table {
            let plan = KeyPlan::new(purpose);
            let keys = KeyDirectory::create(&directory.path().join(name), &plan).unwrap();
            assert_eq!(Keys::of(Some(keys.keyring())).name(), name);
        }
        assert_eq!(Keys::of(None), Keys::Unknown);
    }
}
