//! A file of metadata as it travels: what was signed, and the signatures (section 4.2.1).

use super::{Extra, Signed};
use crate::json::{JsonError, canonical, parse};
use crate::keys::KeyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Not verified by anyone yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// One for each key id.
    pub signatures: Vec<Signature>,
    /// What they cover, as it was received.
    pub signed: Value,
}

/// One signature. It may be wrong, or of a key that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Whose it claims to be.
    #[serde(rename = "keyid")]
    pub key_id: KeyId,
    /// Hex.
    #[serde(rename = "sig")]
    pub signature: String,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Envelope {
    /// Reads a file. Key ids stand once in `signatures`.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let value = parse(bytes)?;
        let envelope: Envelope =
            serde_json::from_value(value).map_err(|error| JsonError(error.to_string()))?;
        let mut ids = BTreeSet::new();
        for signature in &envelope.signatures {
            if !ids.insert(&signature.key_id) {
                let id = &signature.key_id;
                return Err(JsonError(format!("key id {id} stands twice in signatures")));
            }
        }
        Ok(envelope)
    }

    /// A file without signatures, for whoever signs it.
    pub fn unsigned(signed: &impl Signed) -> Result<Self, JsonError> {
        let signed = serde_json::to_value(signed).map_err(|error| JsonError(error.to_string()))?;
        Ok(Envelope {
            signatures: Vec::new(),
            signed,
        })
    }

    /// The bytes that signatures cover.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, JsonError> {
        canonical(&self.signed)
    }

    /// The file as a publisher writes it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, JsonError> {
        serde_json::to_vec(self).map_err(|error| JsonError(error.to_string()))
    }
}
