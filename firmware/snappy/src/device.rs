//! What the verbs know about this device. Reads; changes nothing.

use crate::channel::read_channel;
use crate::daemon::{Daemon, DaemonError};
use crate::keys::read_keyring;
use crate::slot_image::{Conditions, Image, SlotImage, read_image};
use anyhow::{Context, Result, bail};
use boot_core::choice::{self, Excluded};
use image_format::{BootState, FlightEntry, Keyring, Slot, SlotStatus, Source};
use image_trust::Verified;
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;
use system_update::{BootDisk, BootFacts, BootReport, CloudConfigReport, SlotArea};

/// The device as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    /// What runs, by the word of PID 1.
    pub(crate) report: BootReport,
    /// The channel that the image was made for.
    pub(crate) channel: String,
    pub(crate) state: BootState,
    /// The images in `system-a` and `system-b`.
    pub(crate) slots: [SlotImage; 2],
    /// Oldest first.
    pub(crate) flight: Vec<FlightEntry>,
    /// What became of a cloud-config.
    pub(crate) cloud_config: CloudConfig,
    /// Snaps that the owner wants and that are not here.
    pub(crate) wanted: Vec<Wanted>,
}

/// What became of a cloud-config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CloudConfig {
    /// There was none, or what is told of it is not understood; `cloud-config` has said that.
    Nothing,
    Told(CloudConfigReport),
    /// There was one, and it may name secrets.
    RootsAlone,
}

impl CloudConfig {
    pub(crate) fn read(path: &Path) -> Self {
        let is_roots = std::fs::File::open(path)
            .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        match CloudConfigReport::read(path) {
            _ if is_roots => Self::RootsAlone,
            Ok(Some(report)) => Self::Told(report),
            Ok(None) | Err(_) => Self::Nothing,
        }
    }
}

/// A snap that the owner wants and that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    /// For programs: `waits`, `failed`, `given-up`.
    pub(crate) state: String,
    /// What the last try failed with.
    pub(crate) why: Option<String>,
}

impl Device {
    /// Reads everything. Only root may read the disk: to others the daemon tells what is there.
    pub(crate) fn read() -> Result<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let facts = match is_root {
            true => {
                let report = BootReport::read()?;
                let mut disk = BootDisk::open_to_read(disk_of(&report)?)?;
                BootFacts::read(report, &mut disk)?
            }
            false => told()?,
        };
        let keyring = read_keyring();
        Ok(Self {
            cloud_config: CloudConfig::read(Path::new(CloudConfigReport::PATH)),
            wanted: wanted(),
            ..Self::of(facts, keyring.as_ref())
        })
    }

    /// What the facts come to, under that keyring.
    pub(crate) fn of(facts: BootFacts, keyring: Option<&Verified<Keyring>>) -> Self {
        let BootFacts {
            report,
            state,
            slots: [a, b],
            flight,
        } = facts;
        let image = |slot, area| {
            if report.slot() == Some(slot) {
                return running(&report);
            }
            image_in(&area, |slot_length_bytes| Conditions {
                keyring,
                board: &report.board,
                floors: state.floors,
                slot_length_bytes,
            })
        };
        Self {
            slots: [image(Slot::A, a), image(Slot::B, b)],
            report,
            channel: read_channel(),
            state,
            flight,
            cloud_config: CloudConfig::Nothing,
            wanted: Vec::new(),
        }
    }

    /// The image of `source`, which is in a slot or runs.
    pub(crate) fn image(&self, source: Source) -> SlotImage {
        let [a, b] = &self.slots;
        match source {
            Source::Slot(Slot::A) => a.clone(),
            Source::Slot(Slot::B) => b.clone(),
            Source::Rescue => running(&self.report),
        }
    }

    /// How far the running slot got; `None` in the rescue system.
    pub(crate) fn running_status(&self) -> Option<SlotStatus> {
        Some(self.state.slot(self.report.slot()?).status)
    }

    /// What the loader will choose at the next reboot, by the loader's own function.
    pub(crate) fn next(&self) -> Option<Source> {
        let mut state = self.state.clone();
        choice::settle(&mut state);
        choice::choose(&state, Excluded::default())
    }

    /// The next reboot brings another system because somebody wants it so, rather than
    /// because the running one has failed.
    pub(crate) fn is_reboot_pending(&self) -> bool {
        let Some(slot) = self.report.slot() else {
            return false;
        };
        let failed = match self.state.slot(slot).status {
            SlotStatus::Trial { .. } | SlotStatus::Exhausted | SlotStatus::Refused => true,
            SlotStatus::Confirmed | SlotStatus::Installed | SlotStatus::Empty => false,
        };
        self.next() == Some(slot.other().into()) && !failed
    }
}

/// The disk that the report names.
pub(crate) fn disk_of(report: &BootReport) -> Result<&Path> {
    report.disk.as_deref().with_context(|| {
        format!(
            "cannot read the boot state: the rescue system found no disk {}; \
             attach it and reboot",
            report.disk_guid
        )
    })
}

/// The image that runs: verified by the loader, not read again.
fn running(report: &BootReport) -> SlotImage {
    SlotImage::Verified(Image {
        version: report.version,
        epoch: report.epoch,
        manifest_hash: report.manifest,
    })
}

fn image_in<'a>(area: &SlotArea, conditions: impl FnOnce(u64) -> Conditions<'a>) -> SlotImage {
    match area {
        SlotArea::Read {
            bytes,
            slot_length_bytes,
        } => read_image(bytes, &conditions(*slot_length_bytes)),
        SlotArea::Missing => SlotImage::Unusable(image_format::Refusal::NoPartition),
        SlotArea::Unreadable => SlotImage::Unusable(image_format::Refusal::Unreadable),
    }
}

fn told() -> Result<BootFacts> {
    let facts = Daemon::find().and_then(|daemon| daemon.get("/v2/twinkeel/boot"));
    match facts {
        Ok(facts) => Ok(BootFacts::parse(facts)?),
        Err(error @ DaemonError::NotRunning(_)) => {
            bail!("{error}; root is told without it: sudo snappy why")
        }
        Err(error) => Err(error.into()),
    }
}

/// Snaps that the owner wants and that are not here; none where no daemon tells them.
fn wanted() -> Vec<Wanted> {
    let all = Daemon::find().and_then(|daemon| daemon.get("/v2/twinkeel/wanted-snaps"));
    let all = all.unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let one = |wanted: &Value| {
        Some(Wanted {
            name: text(&wanted["name"])?,
            why: text(&wanted["why"]),
            state: text(&wanted["state"])?,
        })
    };
    let all = all.as_array().map_or(&[][..], Vec::as_slice);
    all.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests;
