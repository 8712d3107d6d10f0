//! The maker of devices: publishes releases that the world's keys signed, and snaps.

use std::fs;

use anyhow::{Context, Result};
use image_builder::{StoreTrust, SystemImage};
use image_format::{Digest, Version};
use store_format::Rollout;
use tuf_client::UtcTime;

use crate::bench::Bench;
use crate::local_store::{LocalStore, Server};

/// When the store was made. A fixed moment: the root that an image carries is the same in
/// the next run.
const MADE: UtcTime = UtcTime(1_800_000_000);

/// The same system as another release.
pub(super) fn of_version(system: &SystemImage, version: u64) -> SystemImage {
    system.with_manifest(|manifest| manifest.version = Version(version))
}

/// Publishes what the world's keys signed.
pub(super) struct Maker<'a> {
    bench: &'a Bench<'a>,
    store: LocalStore,
    /// The name of the release that was published last.
    last: String,
}

impl<'a> Maker<'a> {
    pub(super) fn new(bench: &'a Bench<'a>) -> Result<Self> {
        let world = bench.world();
        let directory = bench.directory().join("store");
        let keyring = world.keys().keyring_path();
        let store = LocalStore::create(&directory, &world.store_keys(), &keyring, MADE)?;
        let last = String::new();
        Ok(Self { bench, store, last })
    }

    pub(super) fn trust(&self) -> Result<StoreTrust> {
        self.store.trust(Vec::new())
    }

    /// For everyone, or for those who run at least `minimum`, with a patch from there;
    /// returns its manifest's hash.
    pub(super) fn publish(&mut self, system: &SystemImage, minimum: Option<u64>) -> Result<Digest> {
        let envelope = self.bench.world().keys().seal(&system.manifest())?;
        let file = self.bench.directory().join("release.update");
        system.write_update(&envelope, &file)?;
        self.last = self.store.publish_system(&file, minimum)?;
        fs::remove_file(&file)?;
        let manifest = image_format::parse_envelope(&envelope)
            .ok()
            .context("the envelope is none")?
            .manifest;
        Ok(image_trust::sha256(manifest.bytes))
    }

    /// Changes who gets the release that was published last, and when.
    pub(super) fn promote_last(&mut self, rollout: &Rollout) -> Result<()> {
        self.store.promote(&self.last, rollout)
    }

    pub(super) fn publish_examples(&mut self) -> Result<()> {
        let directory = self.bench.directory().join("snaps");
        let snaps = self.bench.world().example_snaps(&directory)?;
        self.store.publish_examples(&snaps)
    }

    /// Until the run ends.
    pub(super) fn serve(&self) -> Result<Server> {
        self.store.serve(0)
    }
}
