//! What can go wrong with keys and signatures, each with its remedy.

use image_format::{Kind, PublicKey, Refusal, Serial};
use std::path::PathBuf;
use std::{fmt, io};

/// Why keys, a signature or a seal were not made.
#[derive(Debug)]
pub enum KeyError {
    /// The operating system refused.
    Io {
        /// What was tried: "read", "write" ...
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// A file is there that would be overwritten.
    Exists(PathBuf),
    /// There is no key directory, or it lacks one of its records.
    NoKeys(PathBuf),
    /// Others than the owner may read or write the private key.
    OpenPermissions {
        /// The key.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The file is not a private Ed25519 key in PKCS#8 PEM.
    NotAPrivateKey(PathBuf),
    /// The text is neither a public Ed25519 key in PEM nor 64 hexadecimal digits.
    NotAPublicKey(String),
    /// The signature file does not have 64 bytes.
    NotASignature {
        /// The file.
        path: PathBuf,
        /// Its length.
        length_bytes: usize,
    },
    /// The file is no keyring, delegation or envelope.
    NotADocument(Refusal),
    /// The file has no such record.
    NoRecord(Kind),
    /// The record does not hold: what `image-trust` says about it.
    Refused(Refusal),
    /// The private keys at hand are too few for the record.
    TooFewKeys {
        /// The record that is not signed by enough.
        record: Kind,
        /// How many signed.
        have: u8,
        /// How many must.
        need: u8,
    },
    /// No private key at hand may sign the file.
    NoSigner(PathBuf),
    /// The key is not among those that may sign the record.
    Unlisted {
        /// The key.
        key: PublicKey,
        /// The record.
        record: Kind,
    },
    /// The signature is by that key over none of the file's records.
    StraySignature(PublicKey),
    /// More than eight keys or signatures.
    TooMany(Kind),
    /// A new delegation must have a higher serial than the present one.
    SerialNotHigher {
        /// The one asked for.
        serial: Serial,
        /// The present one.
        present: Serial,
    },
    /// A release asked for production keys and the keyring is for tests.
    TestKeys(PathBuf),
    /// The manifest cannot be signed: devices would refuse it.
    Manifest(Refusal),
    /// The record does not fit into its place.
    TooLong(Kind),
}

impl KeyError {
    /// Turns the refusal of a record that was just signed into what is missing.
    pub(super) fn unsealed(refusal: Refusal) -> Self {
        use image_format::SignatureError::BelowThreshold;
        match refusal {
            Refusal::Untrusted {
                record,
                error: BelowThreshold { have, need },
            } => Self::TooFewKeys { record, have, need },
            other => Self::Refused(other),
        }
    }

    /// An error of the operating system on `path`.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path: path.clone(),
            source,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Exists(path) => write!(
                f,
                "cannot make keys: {} exists and is never overwritten; name another directory",
                path.display()
            ),
            Self::NoKeys(path) => write!(
                f,
                "cannot find {}; make keys with `cargo xtask keys new --dir DIR`",
                path.display()
            ),
            Self::OpenPermissions { path, mode } => write!(
                f,
                "cannot use {0}: its mode {mode:04o} lets others at a private key; run `chmod 600 {0}`",
                path.display()
            ),
            Self::NotAPrivateKey(path) => write!(
                f,
                "cannot use {}: it is no Ed25519 private key in PKCS#8 PEM; \
                 `openssl genpkey -algorithm ed25519` makes one",
                path.display()
            ),
            Self::NotAPublicKey(text) => write!(
                f,
                "cannot use {text:?} as a public key: give 64 hexadecimal digits, or the file \
                 that `openssl pkey -pubout` writes for an Ed25519 key"
            ),
            Self::NotASignature { path, length_bytes } => write!(
                f,
                "cannot use {}: an Ed25519 signature has 64 bytes, this file {length_bytes}; \
                 `openssl pkeyutl -sign -rawin` writes one",
                path.display()
            ),
            Self::NotADocument(refusal) => write!(
                f,
                "cannot read it as a keyring, delegation or envelope: {refusal}"
            ),
            Self::NoRecord(kind) => write!(f, "cannot find a {kind} in the file"),
            Self::Refused(refusal) => write!(f, "cannot trust it: {refusal}"),
            Self::TooFewKeys { record, have, need } => write!(
                f,
                "cannot complete the {record}: signed by {have} of the {need} keys that must agree; \
                 add the others with `cargo xtask keys sign`, or with `keys export-request` and \
                 `keys import-signature` where they are off-line"
            ),
            Self::NoSigner(path) => write!(
                f,
                "cannot sign: no private key in {} is listed for it; `cargo xtask keys show` \
                 tells which are",
                path.display()
            ),
            Self::Unlisted { key, record } => write!(
                f,
                "cannot count {key}: it is not among the keys that may sign the {record}"
            ),
            Self::StraySignature(key) => write!(
                f,
                "cannot add the signature: {key} signed none of the file's records; export the \
                 request again and sign exactly those bytes"
            ),
            Self::TooMany(kind) => write!(
                f,
                "cannot put more than {} keys on a {kind}",
                image_format::keyring::MAX_KEYS
            ),
            Self::SerialNotHigher { serial, present } => write!(
                f,
                "cannot delegate with serial {serial}: the present delegation has {present}; \
                 choose a higher one"
            ),
            Self::TestKeys(path) => write!(
                f,
                "cannot make a release with {}: its keyring is marked for tests; make production \
                 keys with `cargo xtask keys new --dir DIR`",
                path.display()
            ),
            Self::Manifest(refusal) => write!(
                f,
                "cannot sign the manifest, devices would refuse the image: {refusal}"
            ),
            Self::TooLong(kind) => write!(f, "cannot fit the {kind} into the envelope's 64 KiB"),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
