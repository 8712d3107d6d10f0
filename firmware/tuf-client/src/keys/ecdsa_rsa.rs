//! The schemes of other makers' repositories: `ecdsa-sha2-nistp256` and
//! `rsassa-pss-sha256`, with public keys in PEM.

use super::Identity;
use p256::ecdsa::signature::Verifier as _;
use rsa::pkcs1::{DecodeRsaPublicKey, EncodeRsaPublicKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::pss;
use sha2::Sha256;

/// Shorter moduli can be factored.
const MIN_RSA_BITS: u32 = 2048;

pub(crate) enum Verifier {
    P256(p256::ecdsa::VerifyingKey),
    Rsa(Box<rsa::RsaPublicKey>),
}

impl Verifier {
    pub(crate) fn new(key_type: &str, scheme: &str, pem: &str) -> Option<Self> {
        match (key_type, scheme) {
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
                let key = p256::ecdsa::VerifyingKey::from_public_key_pem(pem).ok()?;
                Some(Verifier::P256(key))
            }
            ("rsa", "rsassa-pss-sha256") => {
                let key = rsa::RsaPublicKey::from_public_key_pem(pem)
                    .ok()
                    .or_else(|| rsa::RsaPublicKey::from_pkcs1_pem(pem).ok())?;
                let long_enough = rsa::traits::PublicKeyParts::n(&key).bit_width() >= MIN_RSA_BITS;
                long_enough.then(|| Verifier::Rsa(Box::new(key)))
            }
            _ => None,
        }
    }

    pub(crate) fn identity(&self) -> Option<Identity> {
        match self {
            Verifier::P256(key) => {
                Some(Identity::P256(key.to_sec1_point(true).as_bytes().to_vec()))
            }
            Verifier::Rsa(key) => {
                let document = key.to_pkcs1_der().ok()?;
                Some(Identity::Rsa(document.as_bytes().to_vec()))
            }
        }
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Verifier::P256(key) => p256::ecdsa::DerSignature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            // Signers choose the length of the salt: python's takes the digest's, older ones
            // the longest.
            Verifier::Rsa(key) => pss::Signature::try_from(signature).is_ok_and(|signature| {
                pss::VerifyingKey::<Sha256>::new_with_auto_salt_len(key.as_ref().clone())
                    .verify(message, &signature)
                    .is_ok()
            }),
        }
    }
}
