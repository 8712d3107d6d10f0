//! Public keys and what they signed.
//!
//! A key is what verifies, not the name under which it stands: `Identity` is the same for
//! one key under two ids, in two spellings or with two names of one scheme, and thresholds
//! count identities. A key of a scheme that this build lacks, or that is no point or
//! modulus of its scheme, verifies nothing and makes nobody else's file unreadable.

#[cfg(feature = "ecdsa-rsa")]
mod ecdsa_rsa;

use crate::hex;
use crate::json::{JsonError, canonical};
use crate::metadata::{Extra, Hashes};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name under which a key stands. Any text; only signatures refer to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key as metadata has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// `ed25519`, `ecdsa`, `rsa` and others.
    #[serde(rename = "keytype")]
    pub key_type: String,
    /// How it signs.
    pub scheme: String,
    /// The key itself.
    #[serde(rename = "keyval")]
    pub value: KeyValue,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// Hex for ed25519, PEM for others.
    pub public: String,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What makes two keys the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// The compressed point.
    Ed25519([u8; 32]),
    /// The point of P-256, as SEC1 writes it.
    P256(Vec<u8>),
    /// Modulus and exponent, as PKCS #1 writes them.
    Rsa(Vec<u8>),
}

/// A key that can verify.
pub(crate) enum Verifier {
    Ed25519(ed25519_dalek::VerifyingKey),
    #[cfg(feature = "ecdsa-rsa")]
    Other(ecdsa_rsa::Verifier),
}

impl Key {
    /// An ed25519 key, for a publisher.
    pub fn ed25519(public: &[u8; 32]) -> Self {
        Key {
            key_type: "ed25519".to_owned(),
            scheme: "ed25519".to_owned(),
            value: KeyValue {
                public: hex::encode(public),
                extra: Extra::new(),
            },
            extra: Extra::new(),
        }
    }

    /// The id that publishers give a key: the SHA-256 of its canonical JSON. Clients do
    /// not ask whether an id is that.
    pub fn usual_id(&self) -> Result<KeyId, JsonError> {
        let value = serde_json::to_value(self).map_err(|error| JsonError(error.to_string()))?;
        let hashes = Hashes::of(&canonical(&value)?);
        Ok(KeyId(hashes.sha256().unwrap_or_default().to_owned()))
    }

    /// None for a key that can verify nothing here.
    pub(crate) fn verifier(&self) -> Option<Verifier> {
        match (self.key_type.as_str(), self.scheme.as_str()) {
            ("ed25519", "ed25519") => {
                let bytes: [u8; 32] = hex::decode(&self.value.public)?.try_into().ok()?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok()?;
                Some(Verifier::Ed25519(key))
            }
            #[cfg(feature = "ecdsa-rsa")]
            (key_type, scheme) => {
                ecdsa_rsa::Verifier::new(key_type, scheme, &self.value.public).map(Verifier::Other)
            }
            #[cfg(not(feature = "ecdsa-rsa"))]
            _ => None,
        }
    }

    /// What it is, if it can verify anything here.
    pub fn identity(&self) -> Option<Identity> {
        self.verifier().and_then(|verifier| verifier.identity())
    }
}

impl Verifier {
    pub(crate) fn identity(&self) -> Option<Identity> {
        match self {
            Verifier::Ed25519(key) => Some(Identity::Ed25519(key.to_bytes())),
            #[cfg(feature = "ecdsa-rsa")]
            Verifier::Other(key) => key.identity(),
        }
    }

    /// Whether it signed these bytes. A signature of another length is not one, and a point
    /// of small order signs nothing.
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Verifier::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            #[cfg(feature = "ecdsa-rsa")]
            Verifier::Other(key) => key.accepts(message, signature),
        }
    }
}

#[cfg(test)]
mod tests;
