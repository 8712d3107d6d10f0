//! The device as its disk tells it: the boot state, both images, the record. Reads only.

use crate::choice::Image;
use crate::device::SlotInfo;
use boot_core::choice::{self, Excluded};
use boot_core::flight::for_each_entry;
use boot_core::platform::read_at;
use boot_core::state_store::StateStore;
use boot_core::{Disk, Layout, read_layout};
use image_format::{
    BootState, Digest, ENVELOPE_BYTES, FlightEntry, Keyring, Refusal, Slot, SlotStatus, Source,
    Verdict, parse_envelope,
};
use image_trust::{ImageKind, Requirements, Verified, sha256, verify_envelope};
use system_update::{ActError, BootReport, failed_releases};
use tuf_client::UtcTime;

/// Digits of a fingerprint.
const FINGERPRINT: usize = 14;

/// The device as it is now.
pub(crate) struct Slots {
    /// What runs, by the word of PID 1.
    pub(crate) report: BootReport,
    pub(crate) state: BootState,
    /// `system-a` and `system-b`.
    images: [Found; 2],
    /// Oldest first.
    pub(crate) flight: Vec<FlightEntry>,
    pub(crate) failed: Vec<Digest>,
}

/// What a slot holds.
#[derive(Clone, Debug)]
enum Found {
    Verified(Image),
    Unverified(Digest, String),
    Nothing(Refusal),
}

impl Slots {
    /// When the running image was built.
    pub(crate) fn built(&self) -> UtcTime {
        UtcTime(i64::try_from(self.report.build_time_secs).unwrap_or(i64::MAX))
    }

    pub(crate) fn read<D: Disk>(
        report: BootReport,
        keyring: Option<&Verified<Keyring>>,
        disk: &mut D,
    ) -> Result<Self, ActError> {
        let layout = read_layout(disk).map_err(ActError::Layout)?;
        let store = StateStore::open(disk, &layout).ok_or(ActError::NoBootState)?;
        let state = store.state().cloned().ok_or(ActError::StateLost)?;
        let images = Slot::ALL.map(|slot| {
            if report.slot() == Some(slot) {
                return Found::Verified(running(&report));
            }
            find(disk, &layout, slot, keyring, &report, &state)
        });
        let mut flight = Vec::new();
        for_each_entry(disk, &layout, |entry| flight.push(entry));
        flight.sort_by_key(|entry| entry.sequence);
        let failed = failed_releases(disk)?;
        Ok(Self {
            report,
            state,
            images,
            flight,
            failed: failed.iter().map(|one| one.manifest_hash).collect(),
        })
    }

    fn found(&self, slot: Slot) -> &Found {
        let [a, b] = &self.images;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    /// The image in a slot, if it verifies.
    pub(crate) fn image(&self, slot: Slot) -> Option<Image> {
        match self.found(slot) {
            Found::Verified(image) => Some(*image),
            Found::Unverified(..) | Found::Nothing(_) => None,
        }
    }

    /// How far the running slot got; `None` in the rescue system.
    pub(crate) fn status(&self) -> Option<SlotStatus> {
        Some(self.state.slot(self.report.slot()?).status)
    }

    /// The other slot, if the next reboot brings it, by the loader's own function.
    pub(crate) fn next(&self) -> Option<Slot> {
        let mut state = self.state.clone();
        choice::settle(&mut state);
        let other = self.report.slot()?.other();
        (choice::choose(&state, Excluded::default()) == Some(other.into())).then_some(other)
    }

    /// A newer image that the next reboot brings.
    pub(crate) fn staged(&self) -> Option<Image> {
        let image = self.image(self.next()?)?;
        (image.version > self.report.version.0).then_some(image)
    }

    /// The next reboot brings an image that is not newer: somebody goes back.
    pub(crate) fn is_going_back(&self) -> bool {
        self.next().is_some() && self.staged().is_none()
    }

    /// The newer release that somebody went back from, as long as it lies in its slot.
    pub(crate) fn rolled_back(&self) -> Option<u64> {
        let other = self.report.slot()?.other();
        let works = matches!(
            self.state.slot(other).status,
            SlotStatus::Confirmed | SlotStatus::Installed
        );
        let newer = self.image(other)?.version;
        (works && self.next().is_none() && newer > self.report.version.0).then_some(newer)
    }

    /// An image whose trial is over without a verdict against it, and how often that was so.
    pub(crate) fn inconclusive(&self) -> Option<(Digest, u32)> {
        let record = self.state.slot(self.report.slot()?.other());
        let hash = record.manifest_hash;
        if record.status != SlotStatus::Exhausted || self.failed.contains(&hash) {
            return None;
        }
        let judged = self.flight.iter().filter(|entry| {
            matches!(
                entry.event,
                image_format::Event::TrialJudged { manifest_hash, verdict: Verdict::Inconclusive, .. }
                    if manifest_hash == hash
            )
        });
        Some((hash, u32::try_from(judged.count()).unwrap_or(u32::MAX)))
    }

    /// Images that verify, and began often enough without coming up: written once more they
    /// would not fare better.
    pub(crate) fn did_not_come_up(&self) -> impl Iterator<Item = (Slot, Digest)> {
        Slot::ALL.into_iter().filter_map(|slot| {
            let is_exhausted = self.state.slot(slot).status == SlotStatus::Exhausted;
            let image = self.image(slot).filter(|_| is_exhausted)?;
            Some((slot, image.manifest_hash))
        })
    }

    /// For people and programs.
    pub(crate) fn info(&self, slot: Slot) -> SlotInfo {
        let status = self.state.slot(slot).status.to_string();
        let found = self.found(slot);
        let slot = slot.name();
        match found {
            Found::Verified(image) => SlotInfo {
                slot,
                status,
                version: Some(image.version),
                fingerprint: Some(fingerprint(&image.manifest_hash)),
                problem: None,
            },
            Found::Unverified(hash, reason) => SlotInfo {
                slot,
                status,
                version: None,
                fingerprint: Some(fingerprint(hash)),
                problem: Some(reason.clone()),
            },
            Found::Nothing(refusal) => SlotInfo {
                slot,
                status,
                version: None,
                fingerprint: None,
                problem: Some(refusal.to_string()),
            },
        }
    }

    /// What runs.
    pub(crate) fn running_info(&self) -> SlotInfo {
        match self.report.slot() {
            Some(slot) => self.info(slot),
            None => SlotInfo {
                slot: Source::Rescue.name(),
                status: self.report.status.to_string(),
                version: Some(self.report.version.0),
                fingerprint: Some(fingerprint(&self.report.manifest)),
                problem: None,
            },
        }
    }
}

/// Verified by the loader, not read again.
fn running(report: &BootReport) -> Image {
    Image {
        version: report.version.0,
        manifest_hash: report.manifest,
    }
}

fn fingerprint(hash: &Digest) -> String {
    let mut digits = hash.to_string();
    digits.truncate(FINGERPRINT);
    digits
}

fn find<D: Disk>(
    disk: &mut D,
    layout: &Layout,
    slot: Slot,
    keyring: Option<&Verified<Keyring>>,
    report: &BootReport,
    state: &BootState,
) -> Found {
    let Some(partition) = layout.partition(slot.into()) else {
        return Found::Nothing(Refusal::NoPartition);
    };
    let mut area = vec![0; ENVELOPE_BYTES];
    if read_at(disk, partition.offset_bytes, &mut area).is_err() {
        return Found::Nothing(Refusal::Unreadable);
    }
    let manifest_hash = match parse_envelope(&area) {
        Ok(envelope) => sha256(envelope.manifest.bytes),
        Err(refusal) => return Found::Nothing(refusal),
    };
    let Some(keyring) = keyring else {
        return Found::Unverified(manifest_hash, "there is no usable keyring".to_owned());
    };
    let requirements = Requirements {
        kind: ImageKind::System,
        board: &report.board,
        floors: state.floors,
        slot_length_bytes: partition.length_bytes,
    };
    match verify_envelope(keyring, &area, &requirements) {
        Ok(release) => Found::Verified(Image {
            version: release.manifest.version.0,
            manifest_hash: release.manifest_hash,
        }),
        Err(refusal) => Found::Unverified(manifest_hash, refusal.to_string()),
    }
}
