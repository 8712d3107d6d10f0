//! A publisher with small system images, and devices that read its store.
#![allow(dead_code, reason = "each test program uses a part of it")]

use image_builder::signing::{KeyDirectory, padded_envelope};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Epoch, Manifest, Part, Root, Version};
use image_trust::{HashTree, sha256, tree_blocks};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};
use store_builder::{
    Files, Layout, NewRelease, Outcome, RealFiles, Store, StoreError, StoreKeys, StorePlan,
    create_store,
};
use store_format::{Channel, Custom, Purpose, Rollout};
use tempfile::TempDir;
use tuf_client::metadata::RoleName;
use tuf_client::{
    Client, Error, Fetch, FetchError, MetadataStore, Place, Reply, Request, UtcTime, initialise,
};

/// When tests happen.
pub(crate) const NOW: UtcTime = UtcTime(1_800_000_000);
pub(crate) const DAY_SECS: i64 = 86_400;
pub(crate) const BOARD: &str = "x86_64-uefi";

/// A publisher's machine.
pub(crate) struct Maker {
    directory: TempDir,
    pub(crate) images: KeyDirectory,
    now: UtcTime,
}

impl Maker {
    /// With a store that has no release yet.
    pub(crate) fn new() -> Self {
        Self::at(NOW)
    }

    /// With a store that was made at this moment.
    pub(crate) fn at(now: UtcTime) -> Self {
        let maker = Maker {
            now,
            ..Self::without_store()
        };
        let mut keys = maker.new_keys();
        let created = maker.create(&mut keys, &mut RealFiles);
        assert_eq!(created.expect("a store"), Outcome::Published);
        maker
    }

    pub(crate) fn without_store() -> Self {
        let directory = TempDir::new().expect("a directory");
        let images = KeyDirectory::create_test(&directory.path().join("image-keys"));
        Maker {
            images: images.expect("image keys"),
            directory,
            now: NOW,
        }
    }

    pub(crate) fn create(
        &self,
        keys: &mut StoreKeys,
        files: &mut dyn Files,
    ) -> Result<Outcome, StoreError> {
        let keyring = self.images.keyring_path();
        let plan = StorePlan::new(Purpose::Test, &keyring);
        create_store(&self.store_path(), &plan, keys, files, self.now)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.path("store")
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(&self.store_path())
    }

    pub(crate) fn new_keys(&self) -> StoreKeys {
        StoreKeys::open_or_create(&self.path("keys"), Purpose::Test).expect("keys")
    }

    pub(crate) fn keys(&self) -> StoreKeys {
        StoreKeys::open(&self.path("keys")).expect("keys")
    }

    /// The same machine with the state that it has now, in another place.
    pub(crate) fn copy(&self) -> Self {
        let directory = TempDir::new().expect("a directory");
        copy_tree(self.directory.path(), directory.path());
        let images = KeyDirectory::open(&directory.path().join("image-keys"));
        Maker {
            images: images.expect("image keys"),
            directory,
            now: self.now,
        }
    }

    /// Opens the store so many days after it was made, for one act.
    pub(crate) fn act<T>(
        &self,
        files: &mut dyn Files,
        days: i64,
        act: impl FnOnce(&mut Store<'_>, &mut StoreKeys) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut keys = self.keys();
        let now = UtcTime(self.now.0 + days * DAY_SECS);
        let mut store = Store::open(&self.store_path(), files, now)?;
        act(&mut store, &mut keys)
    }

    /// Adds a system image for everyone in `edge`.
    pub(crate) fn add(&self, version: u64) -> Result<String, StoreError> {
        let file = self.system_file(BOARD, version);
        self.act(&mut RealFiles, 0, |store, keys| {
            Ok(store.add(&release(&file), keys)?.0)
        })
    }

    /// A small update file, signed.
    pub(crate) fn system_file(&self, board: &str, version: u64) -> PathBuf {
        let bytes = self.system_bytes(board, version);
        let path = self.path(&format!("{board}-{version}.update"));
        fs::write(&path, bytes).expect("an update file");
        path
    }

    pub(crate) fn system_bytes(&self, board: &str, version: u64) -> Vec<u8> {
        let kernel = format!("kernel {version}").into_bytes();
        let initrd = format!("initrd {version}").into_bytes();
        let blocks: Vec<[u8; 4096]> = (0..5).map(|block| [block; 4096]).collect();
        let salt = Digest([7; 32]);
        let mut tree = HashTree::new(blocks.len() as u64, salt);
        let mut root_hash = None;
        for block in &blocks {
            let Ok(hash) = tree.push(block, |_, _| Ok::<(), std::convert::Infallible>(()));
            root_hash = hash;
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
            product: "twinkeel",
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
                root_hash: root_hash.expect("the root hash"),
                salt,
            },
        };
        let envelope = self.images.seal(&manifest).expect("a sealed envelope");
        let mut file = padded_envelope(&envelope).expect("an envelope");
        for (offset, bytes) in [(at[0], kernel), (at[1], initrd), (at[2], blocks.concat())] {
            file.resize(usize::try_from(offset).expect("small"), 0);
            file.extend(bytes);
        }
        file
    }

    /// A device that trusts the store's first root.
    pub(crate) fn device(&self) -> Device {
        let root = fs::read(self.layout().metadata().join("1.root.json")).expect("the root");
        let mut device = Device::default();
        initialise(&mut device, &root).expect("a root");
        device
    }
}

pub(crate) fn after_days(days: i64) -> UtcTime {
    UtcTime(NOW.0 + days * DAY_SECS)
}

/// For everyone in `edge`.
pub(crate) fn release(file: &Path) -> NewRelease<'_> {
    NewRelease {
        file,
        board: None,
        publisher: None,
        channels: BTreeMap::from([(edge(), Rollout::everyone(1))]),
        minimum: None,
        grants: &[],
        notes: String::new(),
        patches_from: &[],
    }
}

pub(crate) fn edge() -> Channel {
    "edge".parse().expect("a channel")
}

/// What a device keeps between two polls.
#[derive(Clone, Default)]
pub(crate) struct Device(BTreeMap<RoleName, Vec<u8>>);

impl Device {
    /// Refreshes, and tells what is known of a target.
    pub(crate) fn custom(
        &mut self,
        store: &Layout,
        days: i64,
        name: &str,
    ) -> Result<Option<Custom>, Error> {
        let mut client = self.client(store, days)?;
        client.refresh()?;
        let target = client.target_info(name)?;
        let custom = target.and_then(|target| target.custom().cloned());
        Ok(custom.map(|custom| serde_json::from_value(custom).expect("our custom")))
    }

    pub(crate) fn client(
        &mut self,
        store: &Layout,
        days: i64,
    ) -> Result<Client<&mut Self, Public>, Error> {
        Client::new(self, Public(store.public()), after_days(days))
    }
}

impl MetadataStore for Device {
    fn load(&self, role: &RoleName, _: u64) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(role).cloned())
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        self.0.insert(role.clone(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        self.0.remove(role);
        Ok(())
    }
}

impl MetadataStore for &mut Device {
    fn load(&self, role: &RoleName, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        (**self).load(role, max_bytes)
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        (**self).save(role, bytes)
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        (**self).remove(role)
    }
}

/// A store read from its directory.
pub(crate) struct Public(PathBuf);

impl Fetch for Public {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let below = match request.place {
            Place::Metadata(_) => "metadata",
            Place::Target(_) => "targets",
        };
        let path = self.0.join(below).join(request.place.path());
        let file = fs::File::open(path).map_err(|_| FetchError::NotFound)?;
        Ok(Reply::File {
            body: Box::new(file),
            validator: None,
        })
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_tree(&from, &to);
        } else {
            fs::copy(from, to).expect("a copy");
        }
    }
}
