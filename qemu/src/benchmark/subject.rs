//! What is measured: ways from the firmware to the same kernel with the same initrd.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use boards::{Architecture, Board};
use image_builder::{Progress, SystemImage, Workspace, fetch_package};
use image_format::{Slot, SlotStatus};

use super::counter::Mark;
use super::entry_code::entry_code;
use crate::disk::TestDisk;
use crate::esp::Esp;

/// Debian's package of the loader that ours is held against.
const SYSTEMD_BOOT: &str = "systemd-boot-efi";

/// A way to the kernel.
pub(super) struct Subject {
    /// Its name in the table.
    pub(super) name: &'static str,
    /// The loader's entry point; without one the firmware starts the kernel by itself.
    pub(super) loader: Option<Mark>,
    /// Of the loader's file.
    pub(super) loader_bytes: Option<u64>,
    /// What it starts from, made ready again before each start.
    pub(super) source: Source,
}

/// Where a kernel comes from.
pub(super) enum Source {
    /// Our disk, with `system-a` confirmed: a boot on which nothing happens.
    Confirmed(TestDisk),
    /// Any other disk.
    Disk(TestDisk),
    /// QEMU's own options.
    Direct {
        kernel: PathBuf,
        initrd: PathBuf,
        words: String,
    },
}

impl Source {
    /// Undoes what the boot before left behind: no kernel ever comes up here.
    pub(super) fn make_ready(&self) -> Result<()> {
        let Self::Confirmed(disk) = self else {
            return Ok(());
        };
        disk.change_state(|state| {
            state.slot_mut(Slot::A).status = SlotStatus::Confirmed;
            state.begun_without_up = 0;
        })
    }

    pub(super) fn disk(&self) -> Option<&TestDisk> {
        match self {
            Self::Confirmed(disk) | Self::Disk(disk) => Some(disk),
            Self::Direct { .. } => None,
        }
    }
}

/// Our loader, in its place on `disk`.
pub(super) fn ours(loader: &[u8], disk: TestDisk) -> Result<Subject> {
    Ok(Subject {
        name: "Twinkeel's loader",
        loader: Some(loader_mark(loader)?),
        loader_bytes: Some(loader.len() as u64),
        source: Source::Confirmed(disk),
    })
}

/// systemd-boot on `disk`, a copy of ours, with an entry for the same kernel.
pub(super) fn systemd_boot(
    workspace: &Workspace,
    board: &Board,
    disk: TestDisk,
    system: &SystemImage,
    progress: &mut dyn Progress,
) -> Result<Subject> {
    let package = fetch_package(workspace, board.architecture, SYSTEMD_BOOT, progress)?;
    let file = package.join(match board.architecture {
        Architecture::X86_64 => "usr/lib/systemd/boot/efi/systemd-bootx64.efi",
        Architecture::Aarch64 => "usr/lib/systemd/boot/efi/systemd-bootaa64.efi",
        Architecture::Armv7 => "usr/lib/systemd/boot/efi/systemd-bootarm.efi",
        Architecture::PowerPc64 => bail!("cannot measure systemd-boot: POWER has none"),
    });
    let loader = read(&file)?;
    let entry = format!(
        "title Twinkeel\nlinux /linux\ninitrd /initrd\noptions {}\n",
        disk.signed_words(Slot::A)?
    );
    let esp = Esp::of(&disk)?;
    esp.format_like_a_distribution()?;
    esp.write(Esp::loader_path(board)?, &loader)?;
    esp.write("loader/loader.conf", "default twinkeel.conf\ntimeout 0\n")?;
    esp.write("loader/entries/twinkeel.conf", entry)?;
    esp.write("linux", read(system.kernel())?)?;
    esp.write("initrd", read(system.initrd())?)?;
    Ok(Subject {
        name: "systemd-boot",
        loader: Some(loader_mark(&loader)?),
        loader_bytes: Some(loader.len() as u64),
        source: Source::Disk(disk),
    })
}

/// No loader: QEMU hands both files to the firmware.
pub(super) fn direct(disk: &TestDisk, system: &SystemImage) -> Result<Subject> {
    Ok(Subject {
        name: "QEMU's direct load",
        loader: None,
        loader_bytes: None,
        source: Source::Direct {
            kernel: system.kernel().to_owned(),
            initrd: system.initrd().to_owned(),
            words: disk.signed_words(Slot::A)?,
        },
    })
}

/// A program of the firmware in the loader's place on `disk`.
pub(super) fn put_program(board: &Board, disk: &TestDisk, program: &[u8]) -> Result<()> {
    Esp::of(disk)?.write(Esp::loader_path(board)?, program)
}

/// How long the ESP is that has room for a kernel and enough clusters of the usual size.
pub(super) const ESP_MIB: u64 = 288;

fn loader_mark(loader: &[u8]) -> Result<Mark> {
    Ok(Mark {
        name: "loader",
        code: entry_code(loader).context("cannot measure the loader")?,
    })
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
