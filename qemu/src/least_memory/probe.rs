//! One first boot with so much memory, and how far it comes.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use image_format::{Slot, Version};
use serde::Serialize;

use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::guest::{Guest, NEXT_BOOT};

const NEW: Version = Version(3);
/// What disks count in.
const SECTOR_BYTES: u64 = 512;

/// What a machine does one after the other. It stops at the first that it cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The firmware starts the loader.
    Firmware,
    /// The loader starts the kernel, and the system comes up.
    System,
    /// The system confirms itself.
    Confirmation,
    /// An update is installed.
    Update,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Firmware => "the firmware",
            Self::System => "the start of the system",
            Self::Confirmation => "the confirmation",
            Self::Update => "the update",
        })
    }
}

/// An update, on a disk of its own as a stick brings it.
pub(super) struct Release {
    update: PathBuf,
    sectors: u64,
}

impl Release {
    pub(super) fn make(bench: &Bench<'_>) -> Result<Self> {
        let system = bench.world().system();
        let system = system.with_manifest(|manifest| manifest.version = NEW);
        let update = bench.directory().join("newer.update");
        let envelope = bench.world().keys().seal(&system.manifest())?;
        system.write_update(&envelope, &update)?;
        let sectors = update.metadata()?.len() / SECTOR_BYTES;
        Ok(Self { update, sectors })
    }

    /// Starts a fresh disk with `memory_mib`; says where it stops, if it does.
    ///
    /// # Errors
    /// The machine cannot be started at all.
    pub(super) fn try_with(&self, bench: &Bench<'_>, memory_mib: u32) -> Result<Option<Stage>> {
        let disk = bench.disk()?;
        let drives = [disk.image(), &self.update]
            .map(|image| Drive::of_board(bench.world().board(), image, Boot::Unordered));
        let mut guest = bench.with_memory(memory_mib).start_with(drives.into())?;
        let mut stages = [
            (
                Stage::Firmware,
                Self::reach_loader as fn(&Self, &mut Guest) -> Result<()>,
            ),
            (Stage::System, Self::come_up),
            (Stage::Confirmation, |_, guest| {
                Ok(guest.expect_confirmed(Slot::A)?)
            }),
            (Stage::Update, Self::install),
        ]
        .into_iter();
        let stopped = stages.find_map(|(stage, go)| {
            let error = go(self, &mut guest).err()?;
            eprintln!("{memory_mib} MiB: {error:#}");
            Some(stage)
        });
        Ok(stopped)
    }

    fn reach_loader(&self, guest: &mut Guest) -> Result<()> {
        Ok(guest.expect(NEXT_BOOT)?)
    }

    /// A second start of the loader is a system that gave up.
    fn come_up(&self, guest: &mut Guest) -> Result<()> {
        guest.forbid(NEXT_BOOT);
        guest.expect_up(Slot::A)
    }

    fn install(&self, guest: &mut Guest) -> Result<()> {
        let sectors = self.sectors;
        let stick = guest.run(&format!(
            "basename $(dirname $(grep -lx {sectors} /sys/block/*/size))"
        ))?;
        let output = guest.run(&format!("snappy update --from /dev/{stick} --json"))?;
        ensure!(
            output.contains("\"slot\":\"system-b\",\"version\":3}"),
            "it says {output}"
        );
        Ok(())
    }
}
