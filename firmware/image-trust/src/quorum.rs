//! The one place where signatures are checked and counted.

use ed25519_dalek::VerifyingKey;
use image_format::keyring::Keys;
use image_format::signature::decode_signatures;
use image_format::{
    Delegation, Frame, Keyring, Kind, PublicKey, Refusal, Signature, SignatureError, Signatures,
};

/// Keys of which a number must agree: those of a keyring or of a delegation.
#[derive(Clone, Copy, Debug)]
pub struct Quorum<'a> {
    /// The record that lists the keys.
    listed_in: Kind,
    threshold: u8,
    keys: &'a Keys,
}

impl<'a> Quorum<'a> {
    /// The root keys, which sign keyrings and delegations.
    ///
    /// # Errors
    /// [`Refusal::Untrusted`] for a list that cannot be used.
    pub fn of_roots(keyring: &'a Keyring) -> Result<Self, Refusal> {
        Self {
            listed_in: Kind::Keyring,
            threshold: keyring.threshold,
            keys: &keyring.keys,
        }
        .checked()
    }

    /// The release keys, which sign manifests.
    ///
    /// # Errors
    /// [`Refusal::Untrusted`] for a list that cannot be used.
    pub fn of_releases(delegation: &'a Delegation) -> Result<Self, Refusal> {
        Self {
            listed_in: Kind::Delegation,
            threshold: delegation.threshold,
            keys: &delegation.keys,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, Refusal> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(error) => Err(untrusted(self.listed_in, error)),
        }
    }

    fn check(&self) -> Result<(), SignatureError> {
        let possible = 1..=self.keys.len();
        if !possible.contains(&usize::from(self.threshold)) {
            return Err(SignatureError::ImpossibleThreshold);
        }
        if !distinct(self.keys.iter()) {
            return Err(SignatureError::DuplicateKey);
        }
        self.keys
            .iter()
            .try_for_each(|key| sound_key(key).map(drop).ok_or(SignatureError::UnusableKey))
    }

    /// Counts the listed keys that signed `message`.
    fn count(&self, message: &[u8], signatures: &Signatures) -> Result<(), SignatureError> {
        if !distinct(signatures.iter().map(|signature| &signature.key)) {
            return Err(SignatureError::DuplicateKey);
        }
        let mut have = 0_u8;
        for signature in signatures {
            if self.keys.contains(&signature.key) {
                verify_signature(message, signature)?;
                have = have.saturating_add(1);
            }
        }
        if have < self.threshold {
            return Err(SignatureError::BelowThreshold {
                have,
                need: self.threshold,
            });
        }
        Ok(())
    }
}

/// Verifies that enough keys of `quorum` signed `frame`.
///
/// # Errors
/// [`Refusal::Damaged`] when the signatures frame is malformed, and
/// [`Refusal::Untrusted`] when the signatures do not carry the frame.
pub fn verify_quorum(
    quorum: &Quorum<'_>,
    frame: &Frame<'_>,
    signatures: &Frame<'_>,
) -> Result<(), Refusal> {
    let decoded =
        decode_signatures(signatures).map_err(|error| Refusal::damaged(signatures.kind, error))?;
    quorum
        .count(frame.bytes, &decoded)
        .map_err(|error| untrusted(frame.kind, error))
}

/// Verifies one signature over the bytes of a frame, strictly.
///
/// It proves who signed, not that the signer may: that is [`verify_quorum`]'s.
///
/// # Errors
/// [`SignatureError::UnusableKey`] or [`SignatureError::Invalid`].
pub fn verify_signature(message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let key = sound_key(&signature.key).ok_or(SignatureError::UnusableKey)?;
    let signature = ed25519_dalek::Signature::from_bytes(&signature.bytes);
    key.verify_strict(message, &signature)
        .map_err(|_| SignatureError::Invalid)
}

/// The key as a point of the curve, unless it has small order or another encoding too.
fn sound_key(key: &PublicKey) -> Option<VerifyingKey> {
    let point = VerifyingKey::from_bytes(&key.0).ok()?;
    let canonical = point.to_edwards().compress().to_bytes() == key.0;
    (canonical && !point.is_weak()).then_some(point)
}

fn distinct<'k>(keys: impl Iterator<Item = &'k PublicKey> + Clone) -> bool {
    let mut rest = keys;
    while let Some(key) = rest.next() {
        if rest.clone().any(|other| other == key) {
            return false;
        }
    }
    true
}

fn untrusted(record: Kind, error: SignatureError) -> Refusal {
    Refusal::Untrusted { record, error }
}
