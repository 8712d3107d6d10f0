//! Who may say what boots: root keyring -> delegation -> manifest -> [`Verified`].
//!
//! The loader, the updater and the image builder ask this crate whether bytes are
//! to be trusted; nothing else makes a [`Verified`] value. It takes bytes, reads no
//! disk, has no clock, allocates nothing and holds no private key.
//!
//! # The chain
//!
//! 1. [`verify_keyring`]: the keyring (baked into the loader) is signed by its own
//!    threshold of distinct keys.
//! 2. [`verify_envelope`]: the threshold of root keys signed the delegation frame; only
//!    then is the delegation decoded, and its serial held against the floor.
//! 3. The delegation's threshold of release keys signed the manifest frame; only then is
//!    the manifest decoded, and board, epoch, command line, the place of each part
//!    and the kind of image checked.
//! 4. [`verify_part`]: the bytes in memory are those that the manifest names. For a root
//!    that is on its way to a slot, [`HashTree`] finds its root hash.
//!
//! # The rules of signatures
//!
//! A signature is Ed25519 (RFC 8032, pure, no context) over the whole bytes of the
//! frame, from its magic to its checksum. The magic says what kind of record it is, so
//! a signature for one kind never serves another.
//!
//! - Listed keys are distinct, canonical encodings of points that are not of small
//!   order; the threshold is 1 to the number of keys.
//! - A signatures frame names no key twice.
//! - A signature by a key that is not listed does not count and does no harm: it lets
//!   old and new keys sign one release while they are exchanged.
//! - A signature by a listed key must verify, even where enough others do.
//! - Verification is the strict one: S is below the group order, R and the key are not
//!   of small order, and no cofactor is multiplied in.
//! - What is wrong with a list of keys is said of the record that holds the list; what
//!   is wrong with signatures is said of the record that they are over.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod compression;
mod envelope;
mod hash;
mod hash_tree;
mod keyring;
mod manifest;
mod quorum;
mod verified;

pub use compression::{CompressBlocks, Compression};
pub use envelope::{ImageKind, Release, Requirements, verify_envelope};
pub use hash::{Hasher, sha256, verify_part};
pub use hash_tree::{Block, HashTree};
pub use keyring::verify_keyring;
pub use manifest::{MAX_LOADED_BYTES, check_manifest, tree_blocks};
pub use quorum::{Quorum, verify_quorum, verify_signature};
pub use verified::Verified;
