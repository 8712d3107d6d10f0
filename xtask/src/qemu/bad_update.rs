//! `--bad-update`: a release that is properly signed and does not work, put on trial in the
//! slot that is not in use. What an update over the network will do, done from outside.

use anyhow::{Context, Result};
use boards::Board;
use boot_core::choice::{Excluded, choose};
use clap::ValueEnum;
use image_builder::signing::KeyDirectory;
use image_builder::{ImageRequest, Patience, Printed, Workspace, build_system_image};
use image_format::{Slot, SlotStatus, Source, Version};
use qemu::disk::TestDisk;
use qemu::faulty::{self, Fault};

/// What is wrong with the release.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum BadUpdate {
    /// Its kernel stops for good: the hardware watchdog ends that
    KernelHangs,
    /// Its kernel panics once the system is up
    Panic,
    /// Its health hook finds something
    HookFails,
    /// Its health hook never ends
    HookHangs,
    /// Its service keeps dying
    ServiceDies,
    /// A service of it waits for ever
    ServiceHangs,
}

impl BadUpdate {
    fn fault(self) -> Fault {
        match self {
            Self::KernelHangs => Fault::KernelHangs,
            Self::Panic => Fault::Panic,
            Self::HookFails => Fault::HookFails,
            Self::HookHangs => Fault::HookHangs,
            Self::ServiceDies => Fault::ServiceDies,
            Self::ServiceHangs => Fault::ServiceHangs,
        }
    }

    /// Builds the release and puts it on trial.
    pub(super) fn install(
        self,
        workspace: &Workspace,
        board: &Board,
        disk: &TestDisk,
    ) -> Result<()> {
        let keys = KeyDirectory::open_or_create_test(&workspace.test_keys())?;
        let overlay = tempfile::tempdir().context("cannot make a directory for an overlay")?;
        faulty::write_overlay(overlay.path())?;
        let running = match choose(&disk.read_state()?, Excluded::default()) {
            Some(Source::Slot(slot)) => slot,
            _ => Slot::A,
        };
        let mut request = ImageRequest::new(board.clone());
        request.version = Version(disk.version(running)?.0 + 1);
        request.overlay = Some(overlay.path().to_owned());
        // A person is waiting.
        request.patience = Patience {
            health_secs: 30,
            settle_secs: 2,
            ..Patience::default()
        };
        let system = build_system_image(workspace, &keys, &request, &mut Printed::new())?;
        let system = self.fault().of(&system);
        let target = running.other();
        let envelope = keys.seal(&system.manifest())?;
        let manifest_hash = disk.write_system(target, &system, &envelope)?;
        disk.change_state(|state| {
            // A device that was never started would have two systems to prove.
            state.active = running;
            state.slot_mut(running).status = SlotStatus::Confirmed;
            let record = state.slot_mut(target);
            record.manifest_hash = manifest_hash;
            record.status = SlotStatus::Trial {
                attempts_left: 1,
                attempts_given: 1,
            };
        })?;
        println!(
            "version {} in {target} does not work and is on trial: watch the device come back \
             to {running}, then ask `snappy why`",
            request.version
        );
        Ok(())
    }
}
