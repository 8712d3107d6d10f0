//! A store on this machine, for devices in QEMU: made, filled and served.
//!
//! Its keys are the test keys of stores, and everyone in the channel `edge` gets what is in
//! it. Used by scenarios and by `cargo xtask qemu`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;
use image_builder::StoreTrust;
use store_builder::{
    DevelopmentServer, Layout, NewRelease, PatchBase, RealFiles, RolePlan, Store, StoreError,
    StoreKeys, StorePlan, create_store,
};
use store_format::{Channel, PublisherName, Purpose, Rollout};
use tuf_client::UtcTime;

/// Whose snaps they are.
const PUBLISHER: &str = "examples";

/// A store, its keys, and the moment at which it is signed.
pub struct LocalStore {
    directory: PathBuf,
    keys: StoreKeys,
    now: UtcTime,
}

impl LocalStore {
    /// A new store in `directory`, for images that the keys of `image_keyring` sign; its own
    /// keys are in `keys`, and made if they are not there.
    ///
    /// # Errors
    /// There is a store already, or the keys are not for tests.
    pub fn create(
        directory: &Path,
        keys: &Path,
        image_keyring: &Path,
        now: UtcTime,
    ) -> Result<Self> {
        let mut keys = StoreKeys::open_or_create(keys, Purpose::Test)?;
        let plan = StorePlan::new(Purpose::Test, image_keyring);
        create_store(directory, &plan, &mut keys, &mut RealFiles, now)?;
        let directory = directory.to_owned();
        Ok(Self {
            directory,
            keys,
            now,
        })
    }

    /// The store that an earlier run made, with a new timestamp.
    ///
    /// # Errors
    /// There is none, or its keys are gone.
    pub fn open(directory: &Path, keys: &Path, now: UtcTime) -> Result<Self> {
        let mut store = Self {
            directory: directory.to_owned(),
            keys: StoreKeys::open(keys)?,
            now,
        };
        store.act(|store, keys| store.refresh(keys))?;
        Ok(store)
    }

    /// What an image is built with to ask this store, at `addresses` if nothing else is set.
    ///
    /// # Errors
    /// An address is none.
    pub fn trust(&self, addresses: Vec<String>) -> Result<StoreTrust> {
        let root = self.directory.join("trusted/root.json");
        Ok(StoreTrust::read(&root, addresses)?)
    }

    /// Takes an update file, for everyone or for those who run at least `minimum`, with a
    /// patch from there; returns the release's name.
    ///
    /// # Errors
    /// Devices would refuse it.
    pub fn publish_system(&mut self, file: &Path, minimum: Option<u64>) -> Result<String> {
        let patches_from: Vec<_> = minimum.into_iter().map(PatchBase::Listed).collect();
        let release = NewRelease {
            file,
            board: None,
            publisher: None,
            channels: everyone()?,
            minimum,
            grants: &[],
            notes: String::new(),
            patches_from: &patches_from,
        };
        let (name, _) = self.act(|store, keys| store.add(&release, keys))?;
        Ok(name)
    }

    /// Changes who gets a release, and when.
    ///
    /// # Errors
    /// There is no such release.
    pub fn promote(&mut self, name: &str, rollout: &Rollout) -> Result<()> {
        let edge: Channel = "edge".parse()?;
        self.act(|store, keys| store.promote(name, edge.clone(), rollout.clone(), keys))?;
        Ok(())
    }

    /// Takes the example snaps, and before them their publisher.
    ///
    /// # Errors
    /// The store has the publisher already, or devices would refuse a snap.
    pub fn publish_examples(&mut self, snaps: &[PathBuf]) -> Result<()> {
        let publisher = PUBLISHER.parse::<PublisherName>()?;
        self.act(|store, keys| store.add_publisher(&publisher, &RolePlan::new(1, 1), keys))?;
        snaps
            .iter()
            .try_for_each(|snap| self.publish_snap(&publisher, snap))
    }

    fn publish_snap(&mut self, publisher: &PublisherName, file: &Path) -> Result<()> {
        let release = NewRelease {
            file,
            board: None,
            publisher: Some(publisher),
            channels: everyone()?,
            minimum: None,
            grants: &[],
            notes: String::new(),
            patches_from: &[],
        };
        self.act(|store, keys| store.add(&release, keys))?;
        Ok(())
    }

    /// Serves it at a port of this machine's loopback until the program ends; 0 is any free
    /// one.
    ///
    /// # Errors
    /// Somebody else has the port.
    pub fn serve(&self, port: u16) -> Result<Server> {
        let public = Layout::new(&self.directory).public();
        let server = DevelopmentServer::bind(&public, port)?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (port, told) = (server.address().port(), Arc::clone(&log));
        thread::spawn(move || {
            server.run(|line| {
                if let Ok(mut log) = told.lock() {
                    log.push(line.to_owned());
                }
            });
        });
        Ok(Server { port, log })
    }

    fn act<T>(
        &mut self,
        act: impl FnOnce(&mut Store<'_>, &mut StoreKeys) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut files = RealFiles;
        let mut store = Store::open(&self.directory, &mut files, self.now)?;
        act(&mut store, &mut self.keys)
    }
}

fn everyone() -> Result<BTreeMap<Channel, Rollout>> {
    Ok(BTreeMap::from([("edge".parse()?, Rollout::everyone(1))]))
}

/// A store that is served.
pub struct Server {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Of this machine's loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The requests so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lock().map(|log| log.clone()).unwrap_or_default()
    }
}
