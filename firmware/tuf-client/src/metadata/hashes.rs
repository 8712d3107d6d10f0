//! Hashes of files: SHA-256 and SHA-512, as lower-case hex of their exact length.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};
use std::collections::BTreeMap;

/// Algorithm to digest. Digests of algorithms that we know have their exact form; others
/// are kept and say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Hashes(BTreeMap<String, String>);

const SHA256: &str = "sha256";
const SHA512: &str = "sha512";

/// None of the algorithms is one that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDigest;

impl Hashes {
    /// Both digests of these bytes, for a publisher.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digests = Digests::default();
        digests.update(bytes);
        digests.finish()
    }

    /// The digest that stands before a file's name with consistent snapshots.
    pub fn prefix(&self) -> Result<&str, NoDigest> {
        let known = [SHA256, SHA512]
            .into_iter()
            .find_map(|name| self.0.get(name));
        known.map(String::as_str).ok_or(NoDigest)
    }

    /// SHA-256, if it is told.
    pub fn sha256(&self) -> Option<&str> {
        self.0.get(SHA256).map(String::as_str)
    }

    /// SHA-512, if it is told.
    pub fn sha512(&self) -> Option<&str> {
        self.0.get(SHA512).map(String::as_str)
    }

    /// Whether a file with these digests is the one that was meant: each digest that we
    /// know agrees. With none, nobody can say.
    pub fn agree_with(&self, computed: &Hashes) -> Result<bool, NoDigest> {
        self.prefix()?;
        Ok([SHA256, SHA512].into_iter().all(|name| {
            self.0
                .get(name)
                .is_none_or(|told| computed.0.get(name) == Some(told))
        }))
    }
}

impl TryFrom<BTreeMap<String, String>> for Hashes {
    type Error = String;

    fn try_from(hashes: BTreeMap<String, String>) -> Result<Self, String> {
        if hashes.is_empty() {
            return Err("no hash".to_owned());
        }
        for (name, digits) in [(SHA256, 64), (SHA512, 128)] {
            let Some(digest) = hashes.get(name) else {
                continue;
            };
            let hex = digest
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if digest.len() != digits || !hex {
                return Err(format!("{digest:?} is no {name} in lower-case hex"));
            }
        }
        Ok(Hashes(hashes))
    }
}

/// Both hashes of bytes that come in pieces.
#[derive(Clone, Default)]
pub struct Digests {
    sha256: Sha256,
    sha512: Sha512,
}

impl Digests {
    /// The next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha512.update(bytes);
    }

    /// The hashes of all pieces.
    pub fn finish(self) -> Hashes {
        Hashes(BTreeMap::from([
            (
                SHA256.to_owned(),
                crate::hex::encode(&self.sha256.finalize()),
            ),
            (
                SHA512.to_owned(),
                crate::hex::encode(&self.sha512.finalize()),
            ),
        ]))
    }
}
