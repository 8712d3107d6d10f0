//! What all scenarios of a run on one board share: the board, the test keys and the disk
//! that each scenario gets a copy of.
//!
//! The base disk is an image as `cargo xtask image` makes it, with one attempt for the
//! trial and another release in the second slot, so that no scenario can mistake one
//! slot for the other: `system-a` has version 2 on trial, `system-b` version 1. Rescue has
//! version 2 as well, with a manifest of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use accounts::{Account, Logins};
use anyhow::{Context, Result, anyhow};
use boards::{Architecture, Board};
use image_builder::secure_boot::SecureBootKeys;
use image_builder::signing::KeyDirectory;
use image_builder::{
    FirmwareFile, ImageRequest, Patience, Progress, RescueSources, Silent, StoreTrust, SystemImage,
    Workspace, build_device_program, build_example_snaps, build_image, build_system_image,
    fetch_firmware_files,
};
use image_format::{Digest, Slot, Source, Version};
use tuf_client::UtcTime;

use crate::developer_device::DeveloperDevice;
use crate::disk::TestDisk;
use crate::faulty::{self, Fault};

/// Version of `system-a` on the base disk.
pub const VERSION_A: Version = Version(2);
/// Version of `system-b` on the base disk.
pub const VERSION_B: Version = Version(1);

/// Shorter than in the field: a scenario waits for what never happens.
const PATIENCE: Patience = Patience {
    boot_secs: 60,
    health_secs: 30,
    settle_secs: 1,
    watchdog_secs: 30,
};

/// The last `panic=` counts: a scenario need not wait longer for a reboot. And on a busy
/// machine without KVM the timer of a PC may be late, which kernels take for a defect.
fn extra_words(board: &Board) -> &'static str {
    match board.architecture {
        Architecture::X86_64 => "panic=1 no_timer_check",
        _ => "panic=1",
    }
}

/// What all scenarios share.
pub struct World {
    board: Board,
    firmware_files: Vec<FirmwareFile>,
    keys: KeyDirectory,
    system: SystemImage,
    base: TestDisk,
    directory: PathBuf,
    workspace: Workspace,
    request: ImageRequest,
    /// With the overlay of [`faulty`]; made when the first scenario asks for it.
    faulty: OnceLock<Result<SystemImage, String>>,
    /// With a list of modules that never ends.
    endless: OnceLock<Result<SystemImage, String>>,
    secure_boot_keys: PathBuf,
}

impl World {
    /// Builds the base disk; keeps everything of this run below `directory`, in a directory
    /// with the board's name.
    ///
    /// # Errors
    /// The board is unknown or its image cannot be built.
    pub fn prepare(
        workspace: &Workspace,
        board: Board,
        directory: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Self> {
        let directory = directory.join(&board.id);
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())
            .context("cannot make test keys")?;
        let mut request = ImageRequest::new(board.clone());
        request.version = VERSION_A;
        request.attempts = 1;
        request.extra_words = extra_words(&board).to_owned();
        // A slow machine is given the time that devices have in the field.
        if board.qemu.slow_scenarios.is_none() {
            request.patience = PATIENCE;
        }
        let firmware_files = fetch_firmware_files(workspace, &board, request.locking, progress)?;
        let image = directory.join("base.img");
        let report = build_image(workspace, &keys, &request, &image, progress)?;
        let base = TestDisk::at(&image);
        let second = report
            .system
            .with_manifest(|manifest| manifest.version = VERSION_B);
        let envelope = keys.seal(&second.manifest())?;
        let hash = base.write_system(Slot::B, &second, &envelope)?;
        base.change_state(|state| state.slot_mut(Slot::B).manifest_hash = hash)?;
        if board.qemu.has_card() {
            base.grow_to_card()?;
        }
        Ok(Self {
            board,
            firmware_files,
            keys,
            system: report.system,
            base,
            directory,
            workspace: workspace.clone(),
            request,
            faulty: OnceLock::new(),
            endless: OnceLock::new(),
            secure_boot_keys: workspace.secure_boot_test_keys(),
        })
    }

    /// A system with one fault.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn faulty(&self, fault: Fault) -> Result<SystemImage> {
        let system = self
            .faulty
            .get_or_init(|| self.with_overlay("faulty", faulty::write_overlay));
        let system = system.as_ref().map_err(|error| anyhow!("{error}"))?;
        Ok(fault.of(system))
    }

    /// A system whose PID 1 waits for ever while it prepares the system: the list of
    /// modules that it reads is a terminal.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn endless(&self) -> Result<SystemImage> {
        let system = self.endless.get_or_init(|| {
            self.with_overlay("endless", |directory| {
                let list = directory.join("usr/lib/twinkeel/modules");
                fs::create_dir_all(list.parent().context("the list has no directory")?)?;
                std::os::unix::fs::symlink("/dev/console", &list)?;
                Ok(())
            })
        });
        system.clone().map_err(|error| anyhow!("{error}"))
    }

    /// A program of this checkout that is no part of an image, for the Linux of the board.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn device_program(&self, package: &str) -> Result<Vec<u8>> {
        build_device_program(&self.workspace, &self.board, package)
    }

    /// The example snaps for the board, made in `directory`, in the order of their sources.
    ///
    /// # Errors
    /// They cannot be built.
    pub fn example_snaps(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let snaps = build_example_snaps(&self.workspace, &self.board, directory)?;
        Ok(snaps.into_iter().map(|built| built.path).collect())
    }

    /// The test release, for devices that trust a store.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn trusting(&self, store: StoreTrust) -> Result<SystemImage> {
        let mut request = self.request.clone();
        request.store = Some(store);
        build_system_image(&self.workspace, &self.keys, &request, &mut Silent)
    }

    /// A disk as `cargo xtask qemu` makes it, and the store beside it in `store`, but for the
    /// patience of scenarios. The store will be served at `store_port` of this machine.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build_developer_device(
        &self,
        login: (Account, Logins),
        store_port: u16,
        image: &Path,
        store: &Path,
    ) -> Result<TestDisk> {
        let mut request = self.request.clone();
        request.version = VERSION_B;
        let device = DeveloperDevice {
            workspace: &self.workspace,
            keys: &self.keys,
            request,
            login,
            store_port,
            now: UtcTime::of_this_machine(),
        };
        device.make(image, store, &mut Silent)?;
        Ok(TestDisk::at(image))
    }

    /// A disk with the test release in both slots, for devices that trust a store and whose
    /// rescue system looks in `sources`.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build_trusting(
        &self,
        store: StoreTrust,
        sources: RescueSources,
        image: &Path,
    ) -> Result<(SystemImage, TestDisk)> {
        let mut request = self.request.clone();
        request.store = Some(store);
        request.rescue = sources;
        let report = build_image(&self.workspace, &self.keys, &request, image, &mut Silent)?;
        Ok((report.system, TestDisk::at(image)))
    }

    /// The test release with a maker's tree over its root.
    fn with_overlay(
        &self,
        name: &str,
        write: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<SystemImage, String> {
        let overlay = self.directory.join(name);
        let build = || {
            if overlay.exists() {
                fs::remove_dir_all(&overlay)?;
            }
            fs::create_dir_all(&overlay)?;
            write(&overlay)?;
            let mut request = self.request.clone();
            request.overlay = Some(overlay.clone());
            build_system_image(&self.workspace, &self.keys, &request, &mut Silent)
        };
        build().map_err(|error: anyhow::Error| format!("cannot build {name}: {error:#}"))
    }

    /// The board under test.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// What of the board's firmware is given to a machine when it starts.
    #[must_use]
    pub fn firmware_files(&self) -> &[FirmwareFile] {
        &self.firmware_files
    }

    /// The test keys that everything is signed with.
    #[must_use]
    pub fn keys(&self) -> &KeyDirectory {
        &self.keys
    }

    /// Where the test keys of stores are, once something asked for them.
    #[must_use]
    pub fn store_keys(&self) -> PathBuf {
        self.workspace.store_test_keys()
    }

    /// The test keys for Secure Boot, made on first use.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn secure_boot_keys(&self) -> Result<SecureBootKeys> {
        SecureBootKeys::open_or_create_test(&self.secure_boot_keys)
    }

    /// The system of `system-a`, to sign under another description.
    #[must_use]
    pub fn system(&self) -> &SystemImage {
        &self.system
    }

    /// Where a scenario keeps its disk and transcripts.
    #[must_use]
    pub fn directory_of(&self, scenario: &str) -> PathBuf {
        self.directory.join(scenario)
    }

    /// A copy of the base disk.
    ///
    /// # Errors
    /// There is no room.
    pub fn copy_base(&self, image: &Path) -> Result<TestDisk> {
        self.base.copy_to(image)
    }

    /// The manifest hash of what the base disk has there.
    ///
    /// # Errors
    /// The base disk cannot be read.
    pub fn manifest_hash(&self, source: impl Into<Source>) -> Result<Digest> {
        self.base.manifest_hash(source)
    }
}
