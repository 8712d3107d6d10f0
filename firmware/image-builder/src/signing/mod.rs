//! The host's side of trust: keys, the keyring, the delegation, sealed envelopes.
//!
//! `cargo xtask keys` and the image builder call it. It holds private keys, which no
//! other module does, and uses the signature crate to make signatures only: whether one
//! is good is `image-trust`'s to say, here as on the device.
//!
//! # A key directory
//!
//! | file | what it is |
//! |---|---|
//! | `root-N.pem`, `release-N.pem` | private key: PKCS#8 version 1, Ed25519, PEM, mode 0600 |
//! | `root-N.pub`, `release-N.pub` | its public half: SubjectPublicKeyInfo, PEM |
//! | `root.keyring` | keyring frame, its signatures frame |
//! | `delegation` | delegation frame, its signatures frame |
//! | `delegation-S` | a former delegation, of serial S |
//!
//! Private keys may be elsewhere: whoever holds one signs what is exported for it. What
//! a directory needs to seal a release is the two records and as many release keys as
//! must agree.
//!
//! # What signers exchange
//!
//! A release travels as `release.envelope`: the four frames of an envelope, without
//! the zeros that follow them in a slot. It is unsigned or partly signed while its
//! manifest's signatures frame has fewer entries than the delegation asks for. A signing
//! request is the bytes of one frame, exactly what Ed25519 signs, so that any tool serves:
//!
//! ```text
//! openssl pkeyutl -sign -rawin -inkey release-1.pem -in REQUEST -out SIGNATURE
//! ```

mod delegation;
mod directory;
mod document;
mod error;
mod files;
mod plan;
mod private_key;
mod public_key;
mod show;

pub use delegation::{DelegationChange, SignedDelegation};
pub use directory::KeyDirectory;
pub use document::{Document, Record, padded_envelope};
pub use error::KeyError;
pub(crate) use files::{KEY_MODE, PUBLIC_MODE, create_directory, write_new};
pub use files::{read_document, write_document};
pub use plan::{KeyPlan, write_new_keys};
pub use private_key::{PrivateKey, Role, read_private_keys};
pub use public_key::parse_public_key;
pub use show::{
    Description, DirectoryDescription, KeyDescription, RecordDescription, SignatureDescription,
    describe, describe_directory,
};
