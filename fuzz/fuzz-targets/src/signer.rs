//! Keys that no device trusts, and what they sign.

use crate::framed::{frame, parse};
use ed25519_dalek::{Signer as _, SigningKey};
use image_format::frame::encode_value;
use image_format::{
    Delegation, Digest, Epoch, Keyring, Kind, Manifest, Part, PublicKey, Purpose, Root, Serial,
    Signature, Version, keyring, signature,
};
use image_trust::{Verified, tree_blocks, verify_keyring};
use std::sync::LazyLock;

pub(crate) const BOARD: &str = "x86_64-uefi";

/// A signer whose key is that of a seed.
pub(crate) struct Signer {
    secret: SigningKey,
    pub(crate) key: PublicKey,
}

impl Signer {
    fn new(seed: u8) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let key = PublicKey(secret.verifying_key().to_bytes());
        Self { secret, key }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            key: self.key,
            bytes: self.secret.sign(message).to_bytes(),
        }
    }
}

/// Two root keys, of which one must sign: what is verified often is verified fast.
pub(crate) static ROOTS: LazyLock<[Signer; 2]> = LazyLock::new(|| [1, 2].map(Signer::new));
/// Three release keys.
pub(crate) static RELEASES: LazyLock<[Signer; 3]> = LazyLock::new(|| [11, 12, 13].map(Signer::new));

/// The loader's keyring.
pub(crate) static TRUSTED: LazyLock<Verified<Keyring>> =
    LazyLock::new(|| verify_keyring(&signed_keyring()).expect("it is signed"));

pub(crate) fn signed_keyring() -> Vec<u8> {
    let keyring = Keyring {
        purpose: Purpose::Test,
        threshold: 1,
        keys: keys(&*ROOTS),
    };
    let frame = record(Kind::Keyring, &keyring);
    let signatures = signed(Kind::KeyringSignatures, &frame, &ROOTS[..1]);
    [frame, signatures].concat()
}

pub(crate) fn keys(signers: &[Signer]) -> keyring::Keys {
    signers.iter().map(|signer| signer.key).collect()
}

/// The whole frame of a value.
pub(crate) fn record<T: serde::Serialize>(kind: Kind, value: &T) -> Vec<u8> {
    let mut out = [0; 4096];
    encode_value(kind, value, &mut out)
        .expect("records are shorter")
        .to_vec()
}

/// Whether a payload is to be signed. Signing and verifying takes a hundred times as long as
/// decoding, so of what cannot be decoded only each eighth length is signed.
pub(crate) fn is_worth_signing(can_be_decoded: bool, payload: &[u8]) -> bool {
    can_be_decoded || payload.len().is_multiple_of(8)
}

/// A signatures frame over `message`.
pub(crate) fn signed(kind: Kind, message: &[u8], signers: &[Signer]) -> Vec<u8> {
    let signatures: Vec<_> = signers.iter().map(|signer| signer.sign(message)).collect();
    let mut out = [0; 1024];
    signature::encode_signatures(kind, &signatures, &mut out)
        .expect("there are few signers")
        .to_vec()
}

/// A delegation to one release key, and the signatures over it.
pub(crate) static DELEGATION: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let frame = record(Kind::Delegation, &delegation(1, &RELEASES[..1]));
    let signatures = signed(Kind::DelegationSignatures, &frame, &ROOTS[..1]);
    [frame, signatures].concat()
});

pub(crate) fn delegation(threshold: u8, signers: &[Signer]) -> Delegation {
    Delegation {
        serial: Serial(5),
        threshold,
        keys: keys(signers),
    }
}

/// The frame of a manifest payload and one signature over it.
pub(crate) fn signed_manifest(payload: &[u8]) -> Vec<u8> {
    let frame = frame(Kind::Manifest, payload);
    parse(Kind::Manifest, &frame);
    let signatures = signed(Kind::ManifestSignatures, &frame, &RELEASES[..1]);
    [frame, signatures].concat()
}

/// Fits a slot of 8 MiB.
pub(crate) fn manifest() -> Manifest<'static> {
    let part = |offset_bytes, length_bytes| Part {
        offset_bytes,
        length_bytes,
        sha256: Digest([7; 32]),
    };
    Manifest {
        board: BOARD,
        product: "twinkeel",
        version: Version(300),
        epoch: Epoch(4),
        build_time_secs: 1_700_000_000,
        command_line: "console=ttyS0 panic=10",
        kernel: part(1 << 20, 5000),
        initrd: part(2 << 20, 4096),
        root: Root {
            offset_bytes: 3 << 20,
            data_blocks: 200,
            tree_offset_bytes: (3 << 20) + 200 * 4096,
            tree_blocks: tree_blocks(200),
            root_hash: Digest([1; 32]),
            salt: Digest([2; 32]),
        },
    }
}
