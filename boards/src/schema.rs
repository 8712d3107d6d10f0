//! The keys of a board's file.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::BoardError;
use crate::firmware::{FirmwareArgument, FirmwarePart};

/// A table has room for our partitions, and takes no more than what UEFI reserves for it.
const TABLE_ENTRIES: RangeInclusive<u32> = 6..=128;

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

/// A processor architecture, by Rust's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit ARM.
    Aarch64,
    /// 32-bit ARM from version 7 on, with a floating-point unit.
    Armv7,
    /// 64-bit POWER, little-endian under Linux.
    PowerPc64,
}

impl Architecture {
    /// That of the machine which this very program runs on, if there is a board of it.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Aarch64),
            "arm" => Some(Self::Armv7),
            "powerpc64" if cfg!(target_endian = "little") => Some(Self::PowerPc64),
            _ => None,
        }
    }

    /// Debian's name of it.
    #[must_use]
    pub fn debian_name(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
            Self::Armv7 => "armhf",
            Self::PowerPc64 => "ppc64el",
        }
    }

    /// Rust's target without an operating system, for which no standard library exists, if
    /// the stable toolchain has one.
    #[must_use]
    pub fn bare_target(self) -> Option<&'static str> {
        match self {
            Self::X86_64 => Some("x86_64-unknown-none"),
            Self::Aarch64 => Some("aarch64-unknown-none"),
            Self::Armv7 => Some("armv7a-none-eabi"),
            Self::PowerPc64 => None,
        }
    }
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
    /// What links them where the Rust toolchain has no C library of its own.
    pub cross: Option<CrossTools>,
}

/// Debian's tools for another architecture. `.cargo/config.toml` names the linker, too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossTools {
    /// The program that links, as found on the search path.
    pub linker: String,
    /// The Debian package that brings it.
    pub linker_package: String,
    /// The static C library.
    pub library: String,
    /// The Debian package that brings it.
    pub library_package: String,
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
}

/// The sizes of the partitions in the image file, in MiB. That of `boot-state` is part of
/// the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// The loader's partition.
    pub system_boot_mib: u64,
    /// The rescue system.
    pub rescue_mib: u64,
    /// Each of the two slots.
    pub system_slot_mib: u64,
    /// The writable file system before the device grows it.
    pub writable_mib: u64,
    /// How many partitions the table has room for: fewer than usual where the firmware lies
    /// close behind it, four in each sector of 512 bytes from the third on.
    #[serde(default = "usual_table_entries")]
    pub table_entries: u32,
}

fn usual_table_entries() -> u32 {
    128
}

/// The virtual machine that stands for the board.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QemuMachine {
    /// The program, as found on the search path.
    pub binary: String,
    /// The Debian package that brings it.
    pub binary_package: String,
    /// `-machine`
    pub machine: String,
    /// `-cpu`
    pub processor: String,
    /// One without instructions for SHA-256, where `processor` has them and QEMU knows one.
    pub other_processor: Option<String>,
    /// `-m`
    pub memory_mib: u32,
    /// What else it is always started with.
    pub arguments: Vec<String>,
    /// The device that the disk hangs on; [`CARD_SLOT`](Self::CARD_SLOT) is the machine's own.
    pub disk_device: String,
    /// The network card, where the machine has room for one.
    pub network_device: Option<String>,
    /// Where distributions put the firmware's code. The n-th belongs to the n-th of
    /// `firmware_variables`. None where the firmware is in no flash of the machine.
    #[serde(default)]
    pub firmware_code: Vec<PathBuf>,
    /// Where distributions put the firmware's empty variable store.
    #[serde(default)]
    pub firmware_variables: Vec<PathBuf>,
    /// The Debian package that brings code and variables.
    pub firmware_package: Option<String>,
    /// The firmware's files that are given to the machine when it starts.
    #[serde(default)]
    pub firmware_files: Vec<FirmwareArgument>,
    /// What a system that has shut down does with the machine.
    #[serde(default)]
    pub power_off: PowerOff,
    /// Scenarios of `qemu-test` that this machine or its firmware has no means for.
    #[serde(default)]
    pub scenarios_left_out: Vec<String>,
    /// Where the machine is too slow for every day: the scenarios that run when everything is
    /// asked for, and no others ever do.
    pub slow_scenarios: Option<Vec<String>>,
    /// What differs with UEFI Secure Boot on; absent where the machine cannot have it.
    pub secure_boot: Option<SecureBootMachine>,
}

/// What a system that has shut down does with the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerOff {
    /// It switches the machine off.
    #[default]
    BySystem,
    /// It waits for somebody who does: the chip that would is not modelled.
    ByHand,
}

/// What differs from [`QemuMachine`] with UEFI Secure Boot on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecureBootMachine {
    /// `-machine`
    pub machine: String,
    /// What it is started with beside [`QemuMachine::arguments`].
    pub arguments: Vec<String>,
    /// As [`QemuMachine::firmware_code`], of firmware that checks signatures.
    pub firmware_code: Vec<PathBuf>,
    /// As [`QemuMachine::firmware_variables`], formatted. What is in them is erased, and
    /// our keys are put in.
    pub firmware_variables: Vec<PathBuf>,
}

impl QemuMachine {
    /// The `disk_device` of a machine that boots from a card in its own slot.
    pub const CARD_SLOT: &str = "sd";

    /// Whether there is flash that holds code and variables of the firmware.
    #[must_use]
    pub fn has_flash(&self) -> bool {
        !self.firmware_code.is_empty()
    }

    /// Whether the disk is a card.
    #[must_use]
    pub fn has_card(&self) -> bool {
        self.disk_device == Self::CARD_SLOT
    }

    /// Code and variable store of the firmware that is installed on this machine.
    #[must_use]
    pub fn installed_firmware(&self) -> Option<(&Path, &Path)> {
        first_pair(&self.firmware_code, &self.firmware_variables)
    }
}

impl SecureBootMachine {
    /// Code and variable store of the firmware that is installed on this machine.
    #[must_use]
    pub fn installed_firmware(&self) -> Option<(&Path, &Path)> {
        first_pair(&self.firmware_code, &self.firmware_variables)
    }
}

fn first_pair<'a>(code: &'a [PathBuf], variables: &'a [PathBuf]) -> Option<(&'a Path, &'a Path)> {
    code.iter()
        .zip(variables)
        .find(|(code, variables)| code.exists() && variables.exists())
        .map(|(code, variables)| (code.as_path(), variables.as_path()))
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
        if let Some(absent) = self
            .modules
            .load
            .iter()
            .find(|module| !self.modules.root.contains(module))
        {
            return Err(BoardError::LoadsAbsentModule {
                id: id(),
                module: absent.clone(),
            });
        }
        let parts = self.firmware_parts.iter().map(|part| &part.from);
        let arguments = self.qemu.firmware_files.iter().map(|file| &file.from);
        parts
            .chain(arguments)
            .try_for_each(|file| file.check(&self.id))?;
        self.geometry.check(&self.id, self.loader.firmware)
    }
}

impl Geometry {
    fn check(&self, id: &str, firmware: Firmware) -> Result<(), BoardError> {
        if !TABLE_ENTRIES.contains(&self.table_entries) {
            return Err(BoardError::TableEntries { id: id.to_owned() });
        }
        // FAT32 begins at 65525 clusters; a slot's kernel begins at 1 MiB; a smaller ext4 has no room for its journal.
        let system_boot_least_mib = match firmware {
            Firmware::Uefi => 64,
            Firmware::OpenFirmware => 1,
        };
        for (key, value, least_mib) in [
            (
                "system_boot_mib",
                self.system_boot_mib,
                system_boot_least_mib,
            ),
            ("rescue_mib", self.rescue_mib, 2),
            ("system_slot_mib", self.system_slot_mib, 2),
            ("writable_mib", self.writable_mib, 32),
        ] {
            if value < least_mib {
                return Err(BoardError::PartitionTooSmall {
                    id: id.to_owned(),
                    key,
                    least_mib,
                });
            }
        }
        Ok(())
    }
}
