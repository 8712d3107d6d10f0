//! A maker: signs small releases and publishes them in a store, with the real tools.

use crate::server::HonestServer;
use image_builder::signing::KeyDirectory;
use image_builder::{ReadyParts, pack_system_image};
use image_format::Version;
use image_trust::sha256;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
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
            grants: &[],
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

    /// A small release: what the real builder makes of some files.
    pub(crate) fn update_file(&self, board: &str, version: u64) -> Vec<u8> {
        let work = self.path(&format!("{board}-{version}"));
        let out = work.join("update");
        if !out.exists() {
            self.pack(board, version, &work, &out);
        }
        fs::read(out).unwrap()
    }

    fn pack(&self, board: &str, version: u64, work: &Path, out: &Path) {
        let root = work.join("tree");
        fs::create_dir_all(&root).unwrap();
        let at = |name: &str, content: String| {
            let path = work.join(name);
            fs::write(&path, content).unwrap();
            path
        };
        at("tree/release", format!("release {version}\n"));
        at(
            "tree/text",
            (0..2000).map(|line| format!("line {line}\n")).collect(),
        );
        let parts = ReadyParts {
            board,
            product: PRODUCT,
            version: Version(version),
            build_time_secs: 1_790_000_000,
            kernel: &at("kernel", format!("kernel {version:03}")),
            initrd: &at("initrd", format!("initrd {version:03}")),
            root: &root,
        };
        let image = pack_system_image(&parts, work).unwrap();
        let envelope = self.images.seal(&image.manifest()).unwrap();
        image.write_update(&envelope, out).unwrap();
    }
}

pub(crate) fn edge() -> Channel {
    "edge".parse().unwrap()
}

/// Everyone, so many days after the store was made.
pub(crate) fn everyone_after(days: i64) -> Rollout {
    let from_secs = u64::try_from(NOW + days * DAY).unwrap();
    let share = Share::ALL;
    Rollout::try_from(vec![Wave { share, from_secs }]).unwrap()
}
