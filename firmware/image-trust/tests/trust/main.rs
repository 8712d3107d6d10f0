//! What is trusted and what is refused, for which reason.

mod chain;
mod compression;
mod damage;
mod manifest;
mod quorum;
mod rfc8032;
mod sha256;
mod swap;
mod vector;

use ed25519_dalek::{Signer as _, SigningKey};
use image_format::frame::{encode_frame, encode_value};
use image_format::signature::encode_signatures;
use image_format::*;
use image_trust::*;
use std::sync::LazyLock;

/// A signer whose key is that of a seed.
#[derive(Clone)]
struct Signer(SigningKey);

impl Signer {
    fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    fn key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            key: self.key(),
            bytes: self.0.sign(message).to_bytes(),
        }
    }
}

fn roots() -> Vec<Signer> {
    (1..=3).map(Signer::new).collect()
}

fn releases() -> Vec<Signer> {
    (11..=13).map(Signer::new).collect()
}

fn keys(signers: &[Signer]) -> keyring::Keys {
    signers.iter().map(Signer::key).collect()
}

/// Two of the three root keys must agree.
fn keyring() -> Keyring {
    Keyring {
        purpose: Purpose::Test,
        threshold: 2,
        keys: keys(&roots()),
    }
}

/// Two of the three release keys must agree.
fn delegation() -> Delegation {
    Delegation {
        serial: Serial(5),
        threshold: 2,
        keys: keys(&releases()),
    }
}

fn manifest() -> Manifest<'static> {
    let part = |offset_bytes, length_bytes| Part {
        offset_bytes,
        length_bytes,
        sha256: Digest([7; 32]),
    };
    Manifest {
        board: "x86_64-uefi",
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
            tree_blocks: 3,
            root_hash: Digest([1; 32]),
            salt: Digest([2; 32]),
        },
    }
}

fn requirements() -> Requirements<'static> {
    Requirements {
        kind: ImageKind::System,
        board: "x86_64-uefi",
        floors: Floors {
            epoch: Epoch(4),
            serial: Serial(5),
        },
        slot_length_bytes: 8 << 20,
    }
}

fn frame<T: serde::Serialize>(kind: Kind, value: &T) -> Vec<u8> {
    encode_value(kind, value, &mut [0; 4096]).unwrap().to_vec()
}

fn raw_frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    encode_frame(kind, payload, &mut [0; 4096])
        .unwrap()
        .to_vec()
}

fn signatures_frame(kind: Kind, signatures: &[Signature]) -> Vec<u8> {
    encode_signatures(kind, signatures, &mut [0; 4096])
        .unwrap()
        .to_vec()
}

fn signed_by(kind: Kind, message: &[u8], signers: &[Signer]) -> Vec<u8> {
    let signatures: Vec<_> = signers.iter().map(|signer| signer.sign(message)).collect();
    signatures_frame(kind, &signatures)
}

fn signed_keyring(keyring: &Keyring, signers: &[Signer]) -> Vec<u8> {
    let frame = frame(Kind::Keyring, keyring);
    let signatures = signed_by(Kind::KeyringSignatures, &frame, signers);
    [frame, signatures].concat()
}

fn trusted() -> &'static Verified<Keyring> {
    static KEYRING: LazyLock<Verified<Keyring>> =
        LazyLock::new(|| verify_keyring(&signed_keyring(&keyring(), &roots())).unwrap());
    &KEYRING
}

/// The four frames of an envelope, to be changed one by one.
#[derive(Clone)]
struct Frames([Vec<u8>; 4]);

const DELEGATION: usize = 0;
const DELEGATION_SIGNATURES: usize = 1;
const MANIFEST: usize = 2;
const MANIFEST_SIGNATURES: usize = 3;
const KINDS: [Kind; 4] = [
    Kind::Delegation,
    Kind::DelegationSignatures,
    Kind::Manifest,
    Kind::ManifestSignatures,
];

impl Frames {
    /// Signed by exactly as many as must.
    fn new() -> Self {
        Self::of(&delegation(), &manifest())
    }

    fn of(delegation: &Delegation, manifest: &Manifest<'_>) -> Self {
        Self::of_frames(
            frame(Kind::Delegation, delegation),
            frame(Kind::Manifest, manifest),
        )
    }

    fn of_frames(delegation: Vec<u8>, manifest: Vec<u8>) -> Self {
        let over_delegation = signed_by(Kind::DelegationSignatures, &delegation, &roots()[..2]);
        let over_manifest = signed_by(Kind::ManifestSignatures, &manifest, &releases()[..2]);
        Self([delegation, over_delegation, manifest, over_manifest])
    }

    fn with(&self, index: usize, frame: Vec<u8>) -> Self {
        let mut changed = self.clone();
        changed.0[index] = frame;
        changed
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// As it stands in a slot.
    fn area(&self) -> Vec<u8> {
        let mut area = self.bytes();
        area.resize(ENVELOPE_BYTES, 0);
        area
    }

    fn verify(&self) -> Result<(), Refusal> {
        verify(&self.bytes())
    }
}

fn verify(envelope: &[u8]) -> Result<(), Refusal> {
    verify_envelope(trusted(), envelope, &requirements()).map(drop)
}

fn untrusted<T>(record: Kind, error: SignatureError) -> Result<T, Refusal> {
    Err(Refusal::Untrusted { record, error })
}

fn damaged<T>(record: Kind, error: FrameError) -> Result<T, Refusal> {
    Err(Refusal::Damaged { record, error })
}
