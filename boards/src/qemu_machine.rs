//! The virtual machine that stands for a board.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::firmware::FirmwareArgument;

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
