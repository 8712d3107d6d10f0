//! A maker: signs small releases and publishes them in a store, with the real tools.

use crate::server::HonestServer;
use image_builder::signing::{KeyDirectory, padded_envelope};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Epoch, Manifest, Part, Root, Version};
use image_trust::{HashTree, sha256, tree_blocks};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use store_builder::{
    Layout, NewRelease, PatchBase, RealFiles, Store, StoreError, StoreKeys, StorePlan, create_store,
};
use store_format::{Channel, Purpose, Rollout, Share, Wave};
use tempfile::TempDir;
use tuf_client::UtcTime;

pub(crate) const BOARD: &str = "x86_64-uefi";
pub(crate) const PRODUCT: &str = "twinkeel";
/// When all of this happens.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const DAY: i64 = 86_400;

pub(crate) struct Maker {
    directory: TempDir,
    pub(crate) images: KeyDirectory,
}

impl Maker {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let images = KeyDirectory::create_test(&directory.path().join("image-keys")).unwrap();
        let maker = Self { directory, images };
        let mut keys = StoreKeys::open_or_create(&maker.path("keys"), Purpose::Test).unwrap();
        let keyring = maker.images.keyring_path();
        let plan = StorePlan::new(Purpose::Test, &keyring);
        let created = create_store(
            &maker.path("store"),
            &plan,
            &mut keys,
            &mut RealFiles,
            UtcTime(NOW),
        );
        created.unwrap();
        maker
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(&self.path("store"))
    }

    /// The first root, which a device is made with.
    pub(crate) fn first_root(&self) -> Vec<u8> {
        fs::read(self.layout().metadata().join("1.root.json")).unwrap()
    }

    pub(crate) fn serve(&self) -> HonestServer {
        HonestServer::of(&self.layout().public())
    }

    /// Opens the store so many days after it was made.
    pub(crate) fn act<T>(
        &self,
        days: i64,
        act: impl FnOnce(&mut Store<'_>, &StoreKeys) -> Result<T, StoreError>,
    ) -> T {
        let keys = StoreKeys::open(&self.path("keys")).unwrap();
        let mut files = RealFiles;
        let now = UtcTime(NOW + days * DAY);
        let mut store = Store::open(&self.path("store"), &mut files, now).unwrap();
        act(&mut store, &keys).unwrap()
    }

    /// Publishes a version for everyone in `edge`.
    pub(crate) fn publish(&self, version: u64) -> String {
        self.publish_as(BOARD, version, Rollout::everyone(1))
    }

    /// Publishes a version for those who are in the wave.
    pub(crate) fn publish_as(&self, board: &str, version: u64, rollout: Rollout) -> String {
        self.publish_with(board, version, rollout, &[])
    }

    /// Publishes a version for everyone, and a patch that leads to it; returns where the
    /// files of both lie.
    pub(crate) fn publish_with_patch(&self, version: u64, from: u64) -> [PathBuf; 2] {
        let base = [PatchBase::Listed(from)];
        let name = self.publish_with(BOARD, version, Rollout::everyone(1), &base);
        let targets = self.layout().public().join("targets/system").join(BOARD);
        let patch = fs::read_dir(targets)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let ends = format!("-{from}-{version}.patch");
        let mut patches = patch.filter(|path| path.to_str().unwrap().ends_with(&ends));
        [self.served_file(&name, version), patches.next().unwrap()]
    }

    fn publish_with(
        &self,
        board: &str,
        version: u64,
        rollout: Rollout,
        patches_from: &[PatchBase],
    ) -> String {
        let file = self.path(&format!("{board}-{version}.update"));
        fs::write(&file, self.update_file(board, version)).unwrap();
        let release = NewRelease {
            file: &file,
            board: None,
            publisher: None,
            channels: BTreeMap::from([(edge(), rollout)]),
            minimum: None,
            notes: format!("notes of {version}"),
            patches_from,
        };
        self.act(0, |store, keys| Ok(store.add(&release, keys)?.0))
    }

    /// Where the bytes of a release lie.
    pub(crate) fn served_file(&self, name: &str, version: u64) -> PathBuf {
        let sha256 = sha256(&self.update_file(BOARD, version)).to_string();
        self.layout().target(name, &sha256)
    }

    /// A small release: what the real builder makes of a system of some blocks.
    pub(crate) fn update_file(&self, board: &str, version: u64) -> Vec<u8> {
        let kernel = format!("kernel {version:03}").into_bytes();
        let initrd = format!("initrd {version:03}").into_bytes();
        let byte = u8::try_from(version).unwrap();
        let blocks: Vec<[u8; BLOCK]> = (0..5).map(|block| [block ^ byte; BLOCK]).collect();
        let salt = Digest([7; 32]);
        let mut tree = HashTree::new(blocks.len() as u64, salt);
        let mut root_hash = None;
        for block in &blocks {
            root_hash = tree.push(block, |_, _| Ok::<(), ()>(())).unwrap();
        }
        let part = |offset_bytes, bytes: &[u8]| Part {
            offset_bytes,
            length_bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let at = [16, 17, 18].map(|block| block * BLOCK_BYTES);
        let data_blocks = blocks.len() as u64;
        let manifest = Manifest {
            board,
            product: PRODUCT,
            version: Version(version),
            epoch: Epoch(1),
            build_time_secs: 1_790_000_000,
            command_line: "panic=10",
            kernel: part(at[0], &kernel),
            initrd: part(at[1], &initrd),
            root: Root {
                offset_bytes: at[2],
                data_blocks,
                tree_offset_bytes: at[2] + data_blocks * BLOCK_BYTES,
                tree_blocks: tree_blocks(data_blocks),
                root_hash: root_hash.unwrap(),
                salt,
            },
        };
        let mut file = padded_envelope(&self.images.seal(&manifest).unwrap()).unwrap();
        for (offset, bytes) in [(at[0], kernel), (at[1], initrd), (at[2], blocks.concat())] {
            file.resize(usize::try_from(offset).unwrap(), 0);
            file.extend(bytes);
        }
        file
    }
}

const BLOCK: usize = BLOCK_BYTES as usize;

pub(crate) fn edge() -> Channel {
    "edge".parse().unwrap()
}

/// Everyone, so many days after the store was made.
pub(crate) fn everyone_after(days: i64) -> Rollout {
    let from_secs = u64::try_from(NOW + days * DAY).unwrap();
    let share = Share::ALL;
    Rollout::try_from(vec![Wave { share, from_secs }]).unwrap()
}
