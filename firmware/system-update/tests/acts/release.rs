//! Small releases, signed with keys of the test.

use crate::memory_disk::SLOT_BYTES;
use ed25519_dalek::{Signer, SigningKey};
use image_format::frame::encode_value;
use image_format::manifest::BLOCK_BYTES;
use image_format::signature::encode_signatures;
use image_format::{
    Delegation, Digest, Epoch, Floors, Keyring, Kind, Manifest, Part, PublicKey, Purpose, Root,
    Serial, Signature, Version,
};
use image_trust::HashTree;

const ROOT_KEY: [u8; 32] = [1; 32];
const RELEASE_KEY: [u8; 32] = [2; 32];
pub(crate) const BOARD: &str = "test-board";

pub(crate) const KERNEL_OFFSET: usize = 128 << 10;
pub(crate) const INITRD_OFFSET: usize = 256 << 10;
pub(crate) const ROOT_OFFSET: usize = 320 << 10;
const BLOCK: usize = BLOCK_BYTES as usize;
/// More than one piece of a walk, and a tree of two levels.
const ROOT_BLOCKS: usize = 300;
pub(crate) const TREE_OFFSET: usize = ROOT_OFFSET + ROOT_BLOCKS * BLOCK;

/// A release as a test asks for it.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) version: u64,
    pub(crate) numbers: Floors,
    pub(crate) board: &'static str,
    pub(crate) signed_by: [u8; 32],
    pub(crate) root: RootAt,
}

/// Where the root lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootAt {
    Place,
    /// Its tree would leave the slot.
    SlotEnd,
    /// There is none: it is a rescue system.
    Nowhere,
}

pub(crate) const NUMBERS: Floors = Floors {
    epoch: Epoch(2),
    serial: Serial(3),
};

impl Asked {
    pub(crate) fn version(version: u64) -> Self {
        Self {
            version,
            numbers: NUMBERS,
            board: BOARD,
            signed_by: RELEASE_KEY,
            root: RootAt::Place,
        }
    }
}

/// A release.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) version: Version,
    pub(crate) manifest_hash: Digest,
    pub(crate) kernel: Vec<u8>,
    /// What a slot holds.
    pub(crate) slot: Vec<u8>,
    /// What an update file holds.
    pub(crate) file: Vec<u8>,
}

impl Release {
    pub(crate) fn new(asked: Asked) -> Self {
        let version = asked.version;
        let kernel = format!("kernel {version} ").into_bytes().repeat(1000);
        let initrd = format!("initrd {version} ").into_bytes().repeat(700);
        let root: Vec<u8> = (0..ROOT_BLOCKS)
            .flat_map(|block| [version as u8 ^ block as u8; BLOCK])
            .collect();
        let (tree, root_hash) = tree_over(&root);
        let manifest = Manifest {
            board: asked.board,
            product: "test",
            version: Version(version),
            epoch: asked.numbers.epoch,
            build_time_secs: 1,
            command_line: "panic=10",
            kernel: part(KERNEL_OFFSET, &kernel),
            initrd: part(INITRD_OFFSET, &initrd),
            root: place(asked.root, root_hash),
        };
        let frame = encode_value(Kind::Manifest, &manifest, &mut [0; 2048])
            .unwrap()
            .to_vec();
        let mut slot = envelope(&frame, asked);
        for (offset, bytes) in [
            (KERNEL_OFFSET, &kernel),
            (INITRD_OFFSET, &initrd),
            (ROOT_OFFSET, &root),
            (TREE_OFFSET, &tree),
        ] {
            slot.resize(offset, 0);
            slot.extend_from_slice(bytes);
        }
        Self {
            version: Version(version),
            manifest_hash: image_trust::sha256(&frame),
            kernel,
            file: slot[..TREE_OFFSET].to_vec(),
            slot,
        }
    }
}

fn part(offset_bytes: usize, bytes: &[u8]) -> Part {
    Part {
        offset_bytes: offset_bytes as u64,
        length_bytes: bytes.len() as u64,
        sha256: image_trust::sha256(bytes),
    }
}

fn place(root: RootAt, root_hash: Digest) -> Root {
    let blocks = ROOT_BLOCKS as u64;
    match root {
        RootAt::Nowhere => Root {
            offset_bytes: 0,
            data_blocks: 0,
            tree_offset_bytes: 0,
            tree_blocks: 0,
            root_hash: Digest::ZERO,
            salt: Digest::ZERO,
        },
        RootAt::Place | RootAt::SlotEnd => Root {
            offset_bytes: ROOT_OFFSET as u64,
            data_blocks: blocks,
            tree_offset_bytes: match root {
                RootAt::SlotEnd => SLOT_BYTES,
                _ => TREE_OFFSET as u64,
            },
            tree_blocks: image_trust::tree_blocks(blocks),
            root_hash,
            salt: Digest::ZERO,
        },
    }
}

fn tree_over(root: &[u8]) -> (Vec<u8>, Digest) {
    let (blocks, _) = root.as_chunks();
    let data_blocks = blocks.len() as u64;
    let mut bytes = vec![0; image_trust::tree_blocks(data_blocks) as usize * BLOCK];
    let mut tree = HashTree::new(data_blocks, Digest::ZERO);
    let mut root_hash = None;
    for block in blocks {
        root_hash = tree
            .push(block, |number, block| {
                let start = number as usize * BLOCK;
                bytes[start..start + BLOCK].copy_from_slice(block);
                Ok::<_, ()>(())
            })
            .unwrap();
    }
    (bytes, root_hash.unwrap())
}

fn envelope(manifest: &[u8], asked: Asked) -> Vec<u8> {
    let delegation = Delegation {
        serial: asked.numbers.serial,
        threshold: 1,
        keys: [public(RELEASE_KEY)].into_iter().collect(),
    };
    let delegation = encode_value(Kind::Delegation, &delegation, &mut [0; 512])
        .unwrap()
        .to_vec();
    [
        delegation.clone(),
        signed(Kind::DelegationSignatures, &delegation, ROOT_KEY),
        manifest.to_vec(),
        signed(Kind::ManifestSignatures, manifest, asked.signed_by),
    ]
    .concat()
}

pub(crate) fn signed_keyring() -> Vec<u8> {
    let keyring = Keyring {
        purpose: Purpose::Test,
        threshold: 1,
        keys: [public(ROOT_KEY)].into_iter().collect(),
    };
    let frame = encode_value(Kind::Keyring, &keyring, &mut [0; 512])
        .unwrap()
        .to_vec();
    let signatures = signed(Kind::KeyringSignatures, &frame, ROOT_KEY);
    [frame, signatures].concat()
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
