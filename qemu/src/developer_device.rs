//! The device of a developer, and the store beside it, on one machine.
//!
//! Made by `cargo xtask qemu`, and by the scenario that walks through docs/walk.md. The store
//! has the release that the device runs once more, as the next version, and the example snaps.
//! The device takes nothing from it before somebody types that.

use std::fs;
use std::path::Path;

use accounts::{Account, Logins};
use anyhow::{Context, Result};
use image_builder::signing::KeyDirectory;
use image_builder::{
    ImageRequest, Progress, SystemImage, Workspace, build_example_snaps, build_image,
};
use image_format::Version;
use tuf_client::UtcTime;

use crate::command_line::HOST_ADDRESS;
use crate::disk::TestDisk;
use crate::ext4::Ext4;
use crate::local_store::LocalStore;
use crate::ssh_access;

/// The disk is larger than the image, as a real one is: `writable` grows into it.
const DISK_BYTES: u64 = 2 << 30;

/// What a new device is made of.
pub struct DeveloperDevice<'a> {
    /// The checkout.
    pub workspace: &'a Workspace,
    /// Sign its releases.
    pub keys: &'a KeyDirectory,
    /// The release that it begins with. Which store it trusts is set here.
    pub request: ImageRequest,
    /// Who may log in by SSH, and how.
    pub login: (Account, Logins),
    /// Where this machine will serve the store.
    pub store_port: u16,
    /// When the store is made.
    pub now: UtcTime,
}

impl DeveloperDevice<'_> {
    /// Makes the disk in the file `image`, and the store in the directory `store`, which is not
    /// there yet. A board without a network gets no store.
    ///
    /// # Errors
    /// Something cannot be built, signed or written.
    pub fn make(mut self, image: &Path, store: &Path, progress: &mut dyn Progress) -> Result<()> {
        let mut nearby = None;
        if self.request.board.qemu.network_device.is_some() {
            let keys = self.workspace.store_test_keys();
            let new = LocalStore::create(store, &keys, &self.keys.keyring_path(), self.now)?;
            self.request.store = Some(new.trust(Vec::new())?);
            nearby = Some(new);
        }
        let report = build_image(self.workspace, self.keys, &self.request, image, progress)?;
        let disk = TestDisk::at(image);
        let (account, logins) = &self.login;
        ssh_access::let_in(&disk, account, *logins)?;
        if let Some(mut nearby) = nearby {
            self.wait_for_a_person(&disk)?;
            self.fill(&mut nearby, &report.system, &image.with_extension("update"))?;
        }
        disk.grow_to(DISK_BYTES)
    }

    /// Names the store, and keeps the device from updating by itself. `/system` is there since
    /// somebody was let in.
    fn wait_for_a_person(&self, disk: &TestDisk) -> Result<()> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("updates.toml");
        let port = self.store_port;
        let settings = format!("autopilot = \"off\"\nstore = [\"http://{HOST_ADDRESS}:{port}\"]\n");
        fs::write(&file, settings).context("cannot write the settings for updates")?;
        Ext4::writable_of(disk)?.write(&file, "/system/updates.toml")
    }

    /// Nothing is built for the second release: only its manifest is another.
    fn fill(&self, store: &mut LocalStore, first: &SystemImage, update: &Path) -> Result<()> {
        let next = Version(self.request.version.0 + 1);
        let second = first.with_manifest(|manifest| manifest.version = next);
        second.write_update(&self.keys.seal(&second.manifest())?, update)?;
        store.publish_system(update, None)?;
        fs::remove_file(update)?;
        let directory = self.workspace.target().join("snaps");
        let snaps = build_example_snaps(self.workspace, &self.request.board, &directory)?;
        let snaps: Vec<_> = snaps.into_iter().map(|built| built.path).collect();
        store.publish_examples(&snaps)
    }
}
