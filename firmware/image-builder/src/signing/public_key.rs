//! Public keys as people hand them over.

use super::KeyError;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey;
use image_format::{Digest, PublicKey};
use std::fs;
use std::path::Path;

/// Parses 64 hexadecimal digits, or reads the PEM file of that name.
///
/// # Errors
/// [`KeyError::NotAPublicKey`] when it is neither.
pub fn parse_public_key(text: &str) -> Result<PublicKey, KeyError> {
    parse_hex(text)
        .or_else(|| read_pem(Path::new(text)))
        .ok_or_else(|| KeyError::NotAPublicKey(text.to_owned()))
}

fn parse_hex(text: &str) -> Option<PublicKey> {
    Digest::parse_hex(text).map(|Digest(bytes)| PublicKey(bytes))
}

fn read_pem(path: &Path) -> Option<PublicKey> {
    let pem = fs::read_to_string(path).ok()?;
    let key = VerifyingKey::from_public_key_pem(&pem).ok()?;
    Some(PublicKey(key.to_bytes()))
}
