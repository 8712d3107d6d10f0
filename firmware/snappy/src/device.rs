//! What the verbs know about this device. Reads; changes nothing.

use crate::channel::read_channel;
use crate::keys::read_keyring;
use crate::slot_image::{Conditions, Image, SlotImage, read_image};
use anyhow::{Context, Result, bail, ensure};
use boot_core::choice::{self, Excluded};
use boot_core::flight::for_each_entry;
use boot_core::platform::read_at;
use boot_core::state_store::StateStore;
use boot_core::{Disk, Layout, read_layout};
use image_format::{BootState, ENVELOPE_BYTES, FlightEntry, Keyring, Slot, SlotStatus, Source};
use image_trust::Verified;
use std::path::Path;
use system_update::{BootDisk, BootReport, CloudConfigReport};

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
    pub(crate) cloud_config: Option<CloudConfigReport>,
}

impl Device {
    /// Reads everything: needs to open the disk.
    pub(crate) fn read() -> Result<Self> {
        let report = BootReport::read()?;
        let mut disk = BootDisk::open_to_read(disk_of(&report)?)?;
        let keyring = read_keyring();
        let mut device = Self::from_disk(report, keyring.as_ref(), &mut disk)?;
        // One that is not understood tells nothing; `cloud-config` has said it before.
        let cloud_config = CloudConfigReport::read(Path::new(CloudConfigReport::PATH));
        device.cloud_config = cloud_config.ok().flatten();
        Ok(device)
    }

    /// Reads everything but the reports from `disk`.
    pub(crate) fn from_disk<D: Disk>(
        report: BootReport,
        keyring: Option<&Verified<Keyring>>,
        disk: &mut D,
    ) -> Result<Self> {
        let path = disk_of(&report)?.display();
        let layout = read_layout(disk).with_context(|| format!("cannot use {path}"))?;
        ensure!(
            layout.disk_guid.to_string() == report.disk_guid,
            "cannot use {path}: it is not the disk that this system was booted from; reboot"
        );
        let state = read_state(disk, &layout)?;
        let slots = Slot::ALL.map(|slot| {
            if report.slot() == Some(slot) {
                return running(&report);
            }
            read_slot(disk, &layout, slot, |slot_length_bytes| Conditions {
                keyring,
                board: &report.board,
                floors: state.floors,
                slot_length_bytes,
            })
        });
        let flight = read_flight(disk, &layout);
        Ok(Self {
            report,
            channel: read_channel(),
            state,
            slots,
            flight,
            cloud_config: None,
        })
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

fn read_state<D: Disk>(disk: &mut D, layout: &Layout) -> Result<BootState> {
    let Some(store) = StateStore::open(disk, layout) else {
        bail!("cannot find the boot state: the disk has no such partition; flash it again");
    };
    let state = store.state().cloned();
    state.context("cannot read the boot state: both copies are damaged; reboot to have it rebuilt")
}

fn read_slot<'a, D: Disk>(
    disk: &mut D,
    layout: &Layout,
    slot: Slot,
    conditions: impl FnOnce(u64) -> Conditions<'a>,
) -> SlotImage {
    let Some(partition) = layout.partition(slot.into()) else {
        return SlotImage::Unusable(image_format::Refusal::NoPartition);
    };
    let mut area = vec![0; ENVELOPE_BYTES];
    match read_at(disk, partition.offset_bytes, &mut area) {
        Ok(()) => read_image(&area, &conditions(partition.length_bytes)),
        Err(_) => SlotImage::Unusable(image_format::Refusal::Unreadable),
    }
}

fn read_flight<D: Disk>(disk: &mut D, layout: &Layout) -> Vec<FlightEntry> {
    let mut flight = Vec::new();
    for_each_entry(disk, layout, |entry| flight.push(entry));
    // By boots: some things are known, and recorded, only one boot later.
    flight.sort_by_key(|entry| (entry.boot_number, entry.sequence));
    flight
}

#[cfg(test)]
mod tests;
