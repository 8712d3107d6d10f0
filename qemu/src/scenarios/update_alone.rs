//! Nobody types: a store, a device with its address, and three releases.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result, ensure};
use image_builder::{StoreTrust, SystemImage};
use image_format::{Digest, Event, Slot, SlotStatus, Version};
use serde_json::json;
use store_builder::{
    DevelopmentServer, Layout, NewRelease, PatchBase, RealFiles, Store, StoreKeys, StorePlan,
    create_store,
};
use store_format::{Purpose, Rollout};
use tuf_client::UtcTime;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-alone",
    behaviour: "nobody types: a device left alone goes from release 1 to 3, one after the other",
    tier: Tier::Everyday,
    run,
};

/// When the store was made. A fixed moment: the root that an image carries is the same in
/// the next run.
const MADE: UtcTime = UtcTime(1_800_000_000);

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let maker = Maker::new(bench)?;
    let system = bench.world().trusting(maker.trust()?)?;
    let disk = bench.disk()?;
    bench.install(&disk, Slot::A, &of_version(&system, 1))?;
    maker.publish(&of_version(&system, 2), None)?;
    let manifest = maker.publish(&of_version(&system, 3), Some(2))?;
    let server = Server::start(&maker)?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&server.settings(bench)?, "/system/updates.toml")?;

    let mut guest = bench.start_connected(&disk)?;
    for slot in [Slot::A, Slot::B, Slot::A] {
        guest.expect_up(slot)?;
        guest.expect_confirmed(slot)?;
    }
    let source = Slot::A.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(
        state.active == Slot::A
            && Slot::ALL.map(|slot| state.slot(slot).status) == [SlotStatus::Confirmed; 2],
        "the boot state is {state:?}"
    );
    // It told what became of the first update when it asked for the second.
    let told = "channel=edge&version=2&result=confirmed&of=2 ";
    let log = server.log();
    let asked = |words: &str| log.iter().any(|line| line.contains(words));
    ensure!(asked(told), "the store was asked: {log:#?}");
    // From the second to the third there is a patch, and nothing else was fetched.
    ensure!(
        asked("twinkeel-2-3.patch ") && !asked("twinkeel-3.update"),
        "the store was asked: {log:#?}"
    );
    Evidence::of_guest(&proof, &disk, &confirmed(manifest))
}

pub(super) fn of_version(system: &SystemImage, version: u64) -> SystemImage {
    system.with_manifest(|manifest| manifest.version = Version(version))
}

fn confirmed(manifest: Digest) -> Cause {
    let told = json!({"kind": "confirmed", "slot": "system-a", "version": 3});
    Cause::new(told, move |event| {
        matches!(event, Event::Confirmed { slot: Slot::A, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}

/// Publishes what the world's keys signed.
pub(super) struct Maker<'a> {
    bench: &'a Bench<'a>,
    directory: PathBuf,
    keys: StoreKeys,
}

impl<'a> Maker<'a> {
    pub(super) fn new(bench: &'a Bench<'a>) -> Result<Self> {
        let directory = bench.directory().join("store");
        let keys = bench.world().store_keys();
        let mut keys = StoreKeys::open_or_create(&keys, Purpose::Test)?;
        let keyring = bench.world().keys().keyring_path();
        let plan = StorePlan::new(Purpose::Test, &keyring);
        create_store(&directory, &plan, &mut keys, &mut RealFiles, MADE)?;
        Ok(Self {
            bench,
            directory,
            keys,
        })
    }

    pub(super) fn trust(&self) -> Result<StoreTrust> {
        let root = self.directory.join("trusted/root.json");
        Ok(StoreTrust::read(&root, Vec::new())?)
    }

    /// For everyone, or for those who run at least `minimum`, with a patch from there;
    /// returns its manifest's hash.
    pub(super) fn publish(&self, system: &SystemImage, minimum: Option<u64>) -> Result<Digest> {
        let envelope = self.bench.world().keys().seal(&system.manifest())?;
        let file = self.bench.directory().join("release.update");
        system.write_update(&envelope, &file)?;
        let patches_from: Vec<_> = minimum.into_iter().map(PatchBase::Listed).collect();
        let release = NewRelease {
            file: &file,
            board: None,
            publisher: None,
            channels: BTreeMap::from([("edge".parse()?, Rollout::everyone(1))]),
            minimum,
            grants: &[],
            notes: String::new(),
            patches_from: &patches_from,
        };
        let mut files = RealFiles;
        let mut store = Store::open(&self.directory, &mut files, MADE)?;
        store.add(&release, &self.keys)?;
        fs::remove_file(&file)?;
        let manifest = image_format::parse_envelope(&envelope)
            .ok()
            .context("the envelope is none")?
            .manifest;
        Ok(image_trust::sha256(manifest.bytes))
    }
}

/// Serves the store until the run ends.
pub(super) struct Server {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(super) fn start(maker: &Maker<'_>) -> Result<Self> {
        let public = Layout::new(&maker.directory).public();
        let server = DevelopmentServer::bind(&public, 0)?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let (port, told) = (server.address().port(), Arc::clone(&log));
        thread::spawn(move || {
            server.run(|line| {
                if let Ok(mut log) = told.lock() {
                    log.push(line.to_owned());
                }
            });
        });
        Ok(Self { port, log })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().map(|log| log.clone()).unwrap_or_default()
    }

    /// What the owner set, as a file of the host.
    fn settings(&self, bench: &Bench<'_>) -> Result<PathBuf> {
        let path = bench.directory().join("updates.toml");
        let settings = format!(
            "store = [\"http://{HOST_ADDRESS}:{}\"]\npoll-interval-secs = 30\nreboot = \"now\"\n",
            self.port
        );
        fs::write(&path, settings)?;
        Ok(path)
    }
}
