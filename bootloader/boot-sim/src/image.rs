//! System images of some hundred bytes, signed with keys of the simulator.

use ed25519_dalek::{Signer, SigningKey};
use image_format::frame::encode_value;
use image_format::manifest::BLOCK_BYTES;
use image_format::signature::encode_signatures;
use image_format::{
    Delegation, Digest, ENVELOPE_BYTES, Epoch, Floors, Keyring, Kind, Manifest, Part, PublicKey,
    Purpose, Root, Serial, Signature, Source, Version,
};
use image_trust::{Block, HashTree};
use std::convert::Infallible;
use system_update::{Parts, ReleaseSource, SourceError};

const ROOT_KEY: [u8; 32] = [1; 32];
const RELEASE_KEY: [u8; 32] = [2; 32];
const OTHER_KEY: [u8; 32] = [3; 32];
pub(crate) const BOARD: &str = "simulated";
pub(crate) const KERNEL_OFFSET: u64 = 64 << 10;
pub(crate) const INITRD_OFFSET: u64 = 68 << 10;
pub(crate) const ROOT_OFFSET: u64 = 72 << 10;
pub(crate) const TREE_OFFSET: u64 = 80 << 10;
const ROOT_BLOCKS: usize = 2;

/// What happens when an image is booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It comes up and passes its health gate.
    Good,
    /// It verifies, begins and hangs.
    Hangs,
    /// The device hangs as soon as anything of it is read.
    HangsReader,
    /// It comes up, fails its health gate, says so and resets.
    Unhealthy,
    /// It comes up and finds its root damaged.
    DamagedRoot,
    /// It comes up and is confirmed, and no later boot of it comes up.
    DiesAfterConfirm,
    /// Its kernel is not the signed one.
    Corrupt,
    /// Its initrd is not the signed one.
    CorruptInitrd,
    /// It is for another board.
    Foreign,
    /// Its manifest names the release key, which has not signed it.
    Forged,
}

impl Behaviour {
    /// It verifies, and is never confirmed.
    pub(crate) fn fails_trials(self) -> bool {
        matches!(self, Self::Hangs | Self::HangsReader | Self::Unhealthy)
    }

    /// A trial of it may fail: also when the power goes away between its health gate and
    /// its confirm, since it is never well again.
    pub(crate) fn may_fail_trials(self) -> bool {
        self.fails_trials() || self == Self::DiesAfterConfirm
    }

    /// The loader may start it.
    pub(crate) fn verifies(self) -> bool {
        !matches!(
            self,
            Self::Corrupt | Self::CorruptInitrd | Self::Foreign | Self::Forged
        )
    }

    /// Its part in the name of a world.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Hangs => "hangs",
            Self::HangsReader => "hangs-reader",
            Self::Unhealthy => "unhealthy",
            Self::DamagedRoot => "damaged-root",
            Self::DiesAfterConfirm => "dies-after-confirm",
            Self::Corrupt => "corrupt",
            Self::CorruptInitrd => "corrupt-initrd",
            Self::Foreign => "foreign",
            Self::Forged => "forged",
        }
    }
}

/// An image and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) source: Source,
    pub(crate) version: Version,
    pub(crate) numbers: Floors,
    pub(crate) behaviour: Behaviour,
    pub(crate) kernel: Vec<u8>,
    pub(crate) initrd: Vec<u8>,
    /// Rescue has none.
    pub(crate) root: Vec<u8>,
    /// The hash tree of the root.
    pub(crate) tree: Vec<u8>,
    pub(crate) envelope: Vec<u8>,
    pub(crate) manifest_hash: Digest,
}

impl Image {
    pub(crate) fn new(source: Source, version: u64, epoch: u32, behaviour: Behaviour) -> Self {
        // What behaves in another way is another image.
        let kernel = format!("kernel of version {version}: {}", behaviour.name()).into_bytes();
        let initrd = format!("initrd of version {version}").into_bytes();
        let root = Content::of_root(source, version);
        let part = |offset_bytes, bytes: &[u8]| Part {
            offset_bytes,
            length_bytes: bytes.len() as u64,
            sha256: image_trust::sha256(bytes),
        };
        let manifest = Manifest {
            board: match behaviour {
                Behaviour::Foreign => "another",
                _ => BOARD,
            },
            product: "simulated",
            version: Version(version),
            epoch: Epoch(epoch),
            build_time_secs: 1,
            command_line: "panic=10",
            kernel: part(KERNEL_OFFSET, &kernel),
            initrd: part(INITRD_OFFSET, &initrd),
            root: root.place(source),
        };
        let frame = encode_value(Kind::Manifest, &manifest, &mut [0; 2048])
            .expect("a manifest of ours")
            .to_vec();
        Self {
            source,
            version: Version(version),
            numbers: Floors {
                epoch: Epoch(epoch),
                serial: Serial(1),
            },
            behaviour,
            kernel,
            initrd,
            root: root.blocks,
            tree: root.tree,
            envelope: match behaviour {
                Behaviour::Forged => envelope(&frame, OTHER_KEY),
                _ => envelope(&frame, RELEASE_KEY),
            },
            manifest_hash: image_trust::sha256(&frame),
        }
    }
}

/// A root and its tree. The loader reads neither.
struct Content {
    blocks: Vec<u8>,
    tree: Vec<u8>,
    root_hash: Digest,
}

impl Content {
    fn of_root(source: Source, version: u64) -> Self {
        let count = match source {
            Source::Slot(_) => ROOT_BLOCKS,
            Source::Rescue => 0,
        };
        let mut root = Self {
            blocks: vec![version as u8; count * BLOCK_BYTES as usize],
            tree: Vec::new(),
            root_hash: Digest::ZERO,
        };
        let mut tree = HashTree::new(count as u64, Digest::ZERO);
        let (blocks, _) = root.blocks.as_chunks();
        for block in blocks {
            let put = |_, block: &Block| {
                root.tree.extend_from_slice(block);
                Ok::<_, Infallible>(())
            };
            let Ok(hash) = tree.push(block, put);
            root.root_hash = hash.unwrap_or(Digest::ZERO);
        }
        root
    }

    fn place(&self, source: Source) -> Root {
        let (offset_bytes, tree_offset_bytes) = match source {
            Source::Slot(_) => (ROOT_OFFSET, TREE_OFFSET),
            Source::Rescue => (0, 0),
        };
        Root {
            offset_bytes,
            data_blocks: self.blocks.len() as u64 / BLOCK_BYTES,
            tree_offset_bytes,
            tree_blocks: self.tree.len() as u64 / BLOCK_BYTES,
            root_hash: self.root_hash,
            salt: Digest::ZERO,
        }
    }
}

/// A release as an update brings it.
pub(crate) struct Offer<'a>(pub(crate) &'a Image);

impl ReleaseSource for Offer<'_> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        area.fill(0);
        area[..self.0.envelope.len()].copy_from_slice(&self.0.envelope);
        Ok(())
    }

    fn begin(&mut self, _: &Parts) -> Result<(), SourceError> {
        Ok(())
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        let (part, bytes) = match offset_bytes {
            ROOT_OFFSET.. => (ROOT_OFFSET, &self.0.root),
            INITRD_OFFSET.. => (INITRD_OFFSET, &self.0.initrd),
            _ => (KERNEL_OFFSET, &self.0.kernel),
        };
        let start = (offset_bytes - part) as usize;
        buffer.copy_from_slice(&bytes[start..start + buffer.len()]);
        Ok(buffer.len())
    }
}

/// Signed by the release key, as it says, if `signer` is that.
fn envelope(manifest: &[u8], signer: [u8; 32]) -> Vec<u8> {
    let delegation = Delegation {
        serial: Serial(1),
        threshold: 1,
        keys: [public(RELEASE_KEY)].into_iter().collect(),
    };
    let delegation = encode_value(Kind::Delegation, &delegation, &mut [0; 512])
        .expect("a delegation of ours")
        .to_vec();
    [
        delegation.clone(),
        signed(Kind::DelegationSignatures, &delegation, ROOT_KEY, ROOT_KEY),
        manifest.to_vec(),
        signed(Kind::ManifestSignatures, manifest, RELEASE_KEY, signer),
    ]
    .concat()
}

/// The keyring of the simulated loader.
pub(crate) fn signed_keyring() -> Vec<u8> {
    let keyring = Keyring {
        purpose: Purpose::Test,
        threshold: 1,
        keys: [public(ROOT_KEY)].into_iter().collect(),
    };
    let frame = encode_value(Kind::Keyring, &keyring, &mut [0; 512])
        .expect("a keyring of ours")
        .to_vec();
    let signatures = signed(Kind::KeyringSignatures, &frame, ROOT_KEY, ROOT_KEY);
    [frame, signatures].concat()
}

fn public(seed: [u8; 32]) -> PublicKey {
    PublicKey(SigningKey::from_bytes(&seed).verifying_key().to_bytes())
}

fn signed(kind: Kind, frame: &[u8], named: [u8; 32], signer: [u8; 32]) -> Vec<u8> {
    let bytes = SigningKey::from_bytes(&signer).sign(frame).to_bytes();
    let signature = Signature {
        key: public(named),
        bytes,
    };
    encode_signatures(kind, &[signature], &mut [0; 512])
        .expect("a signature of ours")
        .to_vec()
}
