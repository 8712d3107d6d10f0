//! The keys of a board's file.

use serde::Deserialize;

use crate::architecture::Architecture;
use crate::error::BoardError;
use crate::firmware::FirmwarePart;
use crate::geometry::Geometry;
use crate::qemu_machine::QemuMachine;

/// The longest id: what a manifest has room for.
const MAX_ID_BYTES: usize = 32;

/// A board: everything that differs from one kind of hardware to the next.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The file's name without `.toml`. Loader and manifest carry it.
    #[serde(skip)]
    pub id: String,
    /// One line for a person.
    pub description: String,
    /// What it cannot do that other boards can, a sentence each, as far as the other keys do
    /// not say it.
    #[serde(default)]
    pub known_limits: Vec<String>,
    /// What the processor runs.
    pub architecture: Architecture,
    /// The program that the firmware starts.
    pub loader: Loader,
    /// What the programs of the image are built for.
    pub userland: Userland,
    /// The kernel and its words.
    pub kernel: Kernel,
    /// Which kernel modules go where.
    pub modules: Modules,
    /// The sizes of the partitions in the image file.
    pub geometry: Geometry,
    /// What of the firmware lies on the disk, in front of the partitions.
    #[serde(default)]
    pub firmware_parts: Vec<FirmwarePart>,
    /// The virtual machine that stands for the board.
    pub qemu: QemuMachine,
}
/// What kind of firmware starts the loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firmware {
    /// UEFI: the loader is a file on the ESP.
    Uefi,
    /// Open Firmware: the loader is a PReP boot partition.
    OpenFirmware,
}

impl Firmware {
    /// How the file in a Debian kernel package that this firmware can enter is called, before
    /// the dash and the release.
    #[must_use]
    pub fn kernel_file(self) -> &'static str {
        match self {
            Self::Uefi => "vmlinuz",
            Self::OpenFirmware => "vmlinux",
        }
    }

    /// Its name, in the board's file and for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uefi => "uefi",
            Self::OpenFirmware => "open-firmware",
        }
    }
}

/// The program that the firmware starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loader {
    /// The firmware.
    pub firmware: Firmware,
    /// The crate, a member of the workspace.
    pub package: String,
    /// The Rust target.
    pub target: String,
    /// Where UEFI looks for it on `system-boot`, in 8.3 names. Open Firmware knows no files.
    pub esp_path: Option<String>,
    /// How long a kernel may take from its start until init feeds the hardware watchdog.
    pub watchdog_secs: Option<u16>,
    /// The hardware watchdog that the loader arms for the kernel's start. Without one, a
    /// kernel that stops before init runs waits for somebody to cut the power.
    pub hardware_watchdog: Option<String>,
    /// The address of a page of memory whose content outlasts a reset: on UEFI one that
    /// neither firmware nor kernel use, on POWER one that the kernel's code lies over and
    /// the firmware does not use. Without it a reset cannot be told from a loss of power.
    pub reset_marker: Option<u64>,
    /// Where the floors are kept: in `boot-state`, and where else the board can.
    pub floor_homes: Vec<FloorHome>,
}

impl Loader {
    /// The names of the floors' homes, with commas between them: what the loader gets.
    #[must_use]
    pub fn floor_homes_list(&self) -> String {
        let names: Vec<_> = self.floor_homes.iter().map(|home| home.name()).collect();
        names.join(",")
    }
}

/// A place that keeps the floors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FloorHome {
    /// The boot state on the disk: every board has it.
    BootState,
    /// A variable of the firmware that Linux can neither read nor write.
    UefiVariable,
}

impl FloorHome {
    /// Its name, in the board's file and for the loader.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BootState => "boot-state",
            Self::UefiVariable => "uefi-variable",
        }
    }
}

/// What the programs of the image are built for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Userland {
    /// The Rust target: static programs, without a loader or libraries.
    pub target: String,
}

/// The kernel and its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// The Debian package. A meta package stands for the kernel that it depends on.
    pub package: String,
    /// `console=` values, the last one for `/dev/console`.
    pub consoles: Vec<String>,
    /// All other words of the command line.
    pub command_line: Vec<String>,
}

impl Kernel {
    /// The command line that goes into the manifest.
    #[must_use]
    pub fn command_line(&self) -> String {
        let consoles = self
            .consoles
            .iter()
            .map(|console| format!("console={console}"));
        let words: Vec<String> = consoles.chain(self.command_line.iter().cloned()).collect();
        words.join(" ")
    }
}

/// Which kernel modules go where. What a module needs is added by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modules {
    /// In the initrd, loaded before all others: watchdogs of hardware, then `softdog`, and
    /// what keeps the words of a kernel that panics.
    pub early: Vec<String>,
    /// In the initrd, loaded in this order.
    pub initrd: Vec<String>,
    /// In the root.
    pub root: Vec<String>,
    /// Of those in the root, the ones that the system stage loads, in this order.
    pub load: Vec<String>,
    /// Of those in the root, the ones that the rescue system has and loads as well.
    pub rescue: Vec<String>,
}
impl Board {
    /// Refuses what the schema alone cannot.
    pub(crate) fn check(&self) -> Result<(), BoardError> {
        let id = || self.id.clone();
        if (self.loader.firmware == Firmware::Uefi) != self.loader.esp_path.is_some() {
            return Err(BoardError::EspPath { id: id() });
        }
        let well_formed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if self.id.is_empty() || self.id.len() > MAX_ID_BYTES || !self.id.bytes().all(well_formed) {
            return Err(BoardError::BadId { id: id() });
        }
        if !self
            .kernel
            .command_line
            .iter()
            .any(|word| word.starts_with("panic="))
        {
            return Err(BoardError::NoPanic { id: id() });
        }
        if !matches!(
            self.loader.floor_homes[..],
            [FloorHome::BootState] | [FloorHome::BootState, FloorHome::UefiVariable]
        ) {
            return Err(BoardError::FloorHomes { id: id() });
        }
        let Modules {
            root, load, rescue, ..
        } = &self.modules;
        for (list, modules) in [("load", load), ("rescue", rescue)] {
            if let Some(absent) = modules.iter().find(|module| !root.contains(module)) {
                return Err(BoardError::LoadsAbsentModule {
                    id: id(),
                    list,
                    module: absent.clone(),
                });
            }
        }
        let parts = self.firmware_parts.iter().map(|part| &part.from);
        let arguments = self.qemu.firmware_files.iter().map(|file| &file.from);
        parts
            .chain(arguments)
            .try_for_each(|file| file.check(&self.id))?;
        self.geometry.check(&self.id, self.loader.firmware)
    }
}
