//! Images signed with keys of the test.

use ed25519_dalek::{Signer, SigningKey};
use image_format::frame::encode_value;
use image_format::signature::encode_signatures;
use image_format::*;
use image_trust::ImageKind;

use super::{BOARD, FLOORS};

const ROOT_KEY: [u8; 32] = [1; 32];
const RELEASE_KEY: [u8; 32] = [2; 32];

/// An image as a test asks for it.
#[derive(Clone)]
pub struct Image {
    pub version: u64,
    pub epoch: u32,
    pub serial: u32,
    pub board: &'static str,
    pub kernel: Vec<u8>,
    pub initrd: Vec<u8>,
    pub kind: ImageKind,
    /// Whose delegation and signature it has.
    pub release_key: [u8; 32],
}

impl Image {
    /// A rescue system.
    pub fn rescue(version: u64) -> Self {
        Self {
            kind: ImageKind::Rescue,
            ..Self::new(version)
        }
    }

    pub fn new(version: u64) -> Self {
        Self {
            version,
            epoch: FLOORS.epoch.0,
            serial: FLOORS.serial.0,
            board: BOARD.id,
            kernel: format!("kernel {version} ").into_bytes().repeat(700),
            initrd: format!("initrd {version} ").into_bytes().repeat(300),
            kind: ImageKind::System,
            release_key: RELEASE_KEY,
        }
    }

    pub fn manifest(&self) -> Manifest<'static> {
        let part = |offset_bytes, bytes: &[u8]| Part {
            offset_bytes,
            length_bytes: bytes.len() as u64,
            sha256: image_trust::sha256(bytes),
        };
        Manifest {
            board: self.board,
            product: "test",
            version: Version(self.version),
            epoch: Epoch(self.epoch),
            build_time_secs: 1,
            command_line: "console=ttyS0 panic=10",
            kernel: part(64 * 1024, &self.kernel),
            initrd: part(128 * 1024, &self.initrd),
            root: self.root(),
        }
    }

    /// Nothing reads it here: it only has to make sense.
    fn root(&self) -> Root {
        let at = |offset_bytes, data_blocks, tree_offset_bytes, tree_blocks| Root {
            offset_bytes,
            data_blocks,
            tree_offset_bytes,
            tree_blocks,
            root_hash: Digest::ZERO,
            salt: Digest::ZERO,
        };
        match self.kind {
            ImageKind::System => at(192 * 1024, 2, 200 * 1024, 1),
            ImageKind::Rescue => at(0, 0, 0, 0),
        }
    }

    pub fn manifest_frame(&self) -> Vec<u8> {
        encode_value(Kind::Manifest, &self.manifest(), &mut [0; 2048])
            .unwrap()
            .to_vec()
    }

    pub fn manifest_hash(&self) -> Digest {
        image_trust::sha256(&self.manifest_frame())
    }

    pub fn envelope(&self) -> Vec<u8> {
        let delegation = Delegation {
            serial: Serial(self.serial),
            threshold: 1,
            keys: [public(self.release_key)].into_iter().collect(),
        };
        let delegation = encode_value(Kind::Delegation, &delegation, &mut [0; 512])
            .unwrap()
            .to_vec();
        let manifest = self.manifest_frame();
        [
            delegation.clone(),
            signed(Kind::DelegationSignatures, &delegation, ROOT_KEY),
            manifest.clone(),
            signed(Kind::ManifestSignatures, &manifest, self.release_key),
        ]
        .concat()
    }
}

fn public(seed: [u8; 32]) -> PublicKey {
    PublicKey(SigningKey::from_bytes(&seed).verifying_key().to_bytes())
}

fn signed(kind: Kind, frame: &[u8], seed: [u8; 32]) -> Vec<u8> {
    let bytes = SigningKey::from_bytes(&seed).sign(frame).to_bytes();
    let signature = Signature {
        key: public(seed),
        bytes,
    };
    encode_signatures(kind, &[signature], &mut [0; 512])
        .unwrap()
        .to_vec()
}

pub fn signed_keyring() -> Vec<u8> {
    let keys = [public(ROOT_KEY)].into_iter().collect();
    let keyring = Keyring {
        purpose: Purpose::Test,
        threshold: 1,
        keys,
    };
    let frame = encode_value(Kind::Keyring, &keyring, &mut [0; 512])
        .unwrap()
        .to_vec();
    [
        frame.clone(),
        signed(Kind::KeyringSignatures, &frame, ROOT_KEY),
    ]
    .concat()
}
