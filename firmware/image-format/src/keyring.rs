//! Who may sign: the root keyring and the delegation to release keys.
//!
//! A [`Keyring`] is baked into the loader as two frames, [`Kind::Keyring`] and
//! [`Kind::KeyringSignatures`], signed by its own threshold. A [`Delegation`]
//! travels in every envelope, signed by the threshold of the root keys.
//!
//! [`Kind::Keyring`]: crate::Kind::Keyring
//! [`Kind::KeyringSignatures`]: crate::Kind::KeyringSignatures

use crate::number::Serial;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The most keys of a keyring or delegation, and signatures over one frame.
pub const MAX_KEYS: usize = 8;

/// An Ed25519 public key (RFC 8032), shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublicKey(#[serde(deserialize_with = "crate::octets::deserialize")] pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// The keys that may sign together.
pub type Keys = heapless::Vec<PublicKey, MAX_KEYS>;

/// What a keyring is for. The mark is signed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// For devices in the field.
    Production,
    /// For tests: a loader that carries it says so at every boot.
    Test,
}

/// The root keys, of which `threshold` must agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyring {
    /// Production or test.
    pub purpose: Purpose,
    /// How many distinct keys must sign a delegation: 1 to the number of keys.
    pub threshold: u8,
    /// The root keys, distinct.
    pub keys: Keys,
}

/// The root keys' word on who may sign releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Counts up; a device's floor for it revokes older delegations.
    pub serial: Serial,
    /// How many distinct keys must sign a manifest: 1 to the number of keys.
    pub threshold: u8,
    /// The release keys, distinct.
    pub keys: Keys,
}
