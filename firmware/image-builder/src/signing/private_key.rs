//! A private key: made, written, read, used. It is shown nowhere.

use super::KeyError;
use super::files::{KEY_MODE, write_new};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey};
use image_format::{PublicKey, Signature};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Signs keyrings and delegations.
    Root,
    /// Signs manifests.
    Release,
}

impl Role {
    /// The first part of the names of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
        }
    }

    /// The name of a key's files without their ending. Numbers start at 1.
    pub(super) fn key_name(self, number: usize) -> String {
        format!("{}-{number}", self.name())
    }

    /// The number of a private key's file name, when it is one of this role.
    fn number(self, file_name: &str) -> Option<usize> {
        let stem = file_name.strip_suffix(".pem")?;
        let number = stem.strip_prefix(self.name())?.strip_prefix('-')?;
        let number = number.parse().ok()?;
        (self.key_name(number) == stem).then_some(number)
    }
}

/// A private Ed25519 key in memory.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// A new key from the operating system's random numbers.
    ///
    /// # Errors
    /// [`KeyError::Io`] when there are none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Io {
            doing: "make a key from random numbers of",
            path: PathBuf::from("the operating system"),
            source: io::Error::other(error),
        })?;
        Ok(Self::from_seed(seed))
    }

    /// The key of a seed (RFC 8032, 5.1.5).
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads a PEM file that nobody but its owner may read.
    ///
    /// # Errors
    /// [`KeyError::NoKeys`], [`KeyError::OpenPermissions`] or [`KeyError::NotAPrivateKey`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let mode = match fs::metadata(path) {
            Ok(metadata) => metadata.permissions().mode() & 0o7777,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::NoKeys(path.to_owned()));
            }
            Err(error) => return Err(KeyError::io("read", path)(error)),
        };
        if mode & 0o077 != 0 {
            return Err(KeyError::OpenPermissions {
                path: path.to_owned(),
                mode,
            });
        }
        let pem = fs::read_to_string(path).map_err(KeyError::io("read", path))?;
        SigningKey::from_pkcs8_pem(&pem)
            .map(Self)
            .map_err(|_| KeyError::NotAPrivateKey(path.to_owned()))
    }

    /// Writes `NAME.pem` and `NAME.pub` into `directory`.
    ///
    /// # Errors
    /// [`KeyError::Exists`]: no key is ever overwritten.
    pub fn write_new(&self, directory: &Path, name: &str) -> Result<(), KeyError> {
        let (private_pem, public_pem) = self.pem();
        let private_path = directory.join(format!("{name}.pem"));
        let public_path = directory.join(format!("{name}.pub"));
        write_new(&private_path, KEY_MODE, private_pem.as_bytes())?;
        write_new(&public_path, 0o644, public_pem.as_bytes())
    }

    /// PKCS#8 of version 1, without the public half: OpenSSL 3.0 reads no other.
    fn pem(&self) -> (impl std::ops::Deref<Target = String>, String) {
        let pair = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let private_pem = pair.to_pkcs8_pem(LineEnding::LF);
        let public_pem = self.0.verifying_key().to_public_key_pem(LineEnding::LF);
        (
            private_pem.expect("32 bytes have a DER form"),
            public_pem.expect("32 bytes have a DER form"),
        )
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs the bytes of a frame.
    #[must_use]
    pub fn sign(&self, frame: &[u8]) -> Signature {
        Signature {
            key: self.public_key(),
            bytes: self.0.sign(frame).to_bytes(),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey of {}", self.public_key())
    }
}

/// Reads the private keys of `role` in `directory`, in the order of their numbers.
///
/// # Errors
/// The first key that cannot be used: a key that is there and unusable is no
/// absent one.
pub fn read_private_keys(directory: &Path, role: Role) -> Result<Vec<PrivateKey>, KeyError> {
    let named = read_named_keys(directory, role)?;
    Ok(named.into_iter().map(|(_, key)| key).collect())
}

/// The keys with the names that their files have.
pub(super) fn read_named_keys(
    directory: &Path,
    role: Role,
) -> Result<Vec<(String, PrivateKey)>, KeyError> {
    let entries = fs::read_dir(directory).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::NoKeys(directory.to_owned()),
        _ => KeyError::io("list", directory)(error),
    })?;
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(KeyError::io("list", directory))?.file_name();
        numbers.extend(name.to_str().and_then(|name| role.number(name)));
    }
    numbers.sort();
    let read = |number| {
        let name = role.key_name(number);
        let key = PrivateKey::read(&directory.join(format!("{name}.pem")))?;
        Ok((name, key))
    };
    numbers.into_iter().map(read).collect()
}
