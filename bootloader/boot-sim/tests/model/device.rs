//! A device as the model sees it: the state on its disk, what its slots really hold, and
//! what runs.

use image_format::{BootState, Digest, Epoch, Floors, Serial, Slot, SlotStatus, Source, Version};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use system_update::Running;

/// The first version that comes as a release.
pub(crate) const FIRST_RELEASE: u8 = 3;

/// What an image does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// It comes up and passes its health gate.
    Good,
    /// Its envelope is genuine and its kernel is not.
    Corrupt,
    /// It verifies, begins and hangs.
    Hangs,
    /// It comes up and does not pass.
    Unhealthy,
    /// It passes, and hangs at every boot after that.
    DiesAfterConfirm,
    /// There is none: the slot is being written.
    Blank,
}

/// What a slot really holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Image {
    /// Version, and name of its manifest.
    pub(crate) id: u8,
    pub(crate) kind: Kind,
    pub(crate) epoch: u32,
    /// It passed its health gate.
    pub(crate) healthy: bool,
    /// A block of its root does not match.
    pub(crate) damaged: bool,
    /// Starts on trial since it was given one.
    pub(crate) trial_starts: u8,
    /// It was given up for a release; nobody promises anything about it.
    pub(crate) replaced: bool,
}

impl Image {
    pub(crate) fn new(id: u8, kind: Kind, epoch: u32) -> Self {
        Self {
            id,
            kind,
            epoch,
            healthy: false,
            damaged: false,
            trial_starts: 0,
            replaced: false,
        }
    }

    pub(crate) fn confirmed(self) -> Self {
        Self {
            healthy: true,
            ..self
        }
    }

    pub(crate) fn version(&self) -> Version {
        Version(self.id.into())
    }

    pub(crate) fn manifest_hash(&self) -> Digest {
        Digest([self.id; 32])
    }

    pub(crate) fn numbers(&self) -> Floors {
        Floors {
            epoch: Epoch(self.epoch),
            serial: Serial(0),
        }
    }

    pub(crate) fn envelope_verifies(&self, floors: Floors) -> bool {
        self.kind != Kind::Blank && !floors.exceed(self.numbers())
    }

    pub(crate) fn verifies(&self, floors: Floors) -> bool {
        self.kind != Kind::Corrupt && self.envelope_verifies(floors)
    }

    /// It hangs when it is started now.
    pub(crate) fn hangs(&self) -> bool {
        match self.kind {
            Kind::Hangs => true,
            Kind::DiesAfterConfirm => self.healthy,
            _ => false,
        }
    }

    pub(crate) fn passes_its_gate(&self) -> bool {
        matches!(self.kind, Kind::Good | Kind::DiesAfterConfirm) && !self.hangs()
    }

    /// A release lies here that the state does not know of.
    pub(crate) fn is_written(&self) -> bool {
        self.replaced && self.kind != Kind::Blank && self.id >= FIRST_RELEASE
    }

    /// A device with such an image should end on it, or on a better one.
    pub(crate) fn is_good(&self) -> bool {
        self.kind == Kind::Good && !self.damaged && !self.replaced
    }
}

/// A state as it lies on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Saved(pub(crate) BootState);

impl Hash for Saved {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let state = &self.0;
        let numbers = (state.boot_number.0, state.floors.epoch.0, state.active);
        (numbers, state.begun_without_up).hash(hasher);
        for record in &state.slots {
            let attempts = match record.status {
                SlotStatus::Trial { attempts_left, .. } => attempts_left,
                _ => 0,
            };
            (discriminant(&record.status), attempts, record.manifest_hash).hash(hasher);
        }
    }
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Off,
    Runs { source: Source, boot: u64 },
}

/// What may still go wrong beyond losses of power, of which there is no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) lost_copies: u8,
    pub(crate) damaged_roots: u8,
    pub(crate) releases: u8,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Device {
    /// The copy that counts; `None` when both are lost.
    pub(crate) state: Option<Saved>,
    /// The copy before it, as long as one may be lost.
    pub(crate) before: Option<Saved>,
    pub(crate) slots: [Image; 2],
    pub(crate) phase: Phase,
    /// Slot, image and number of the boot just before: a process of it may have slept.
    pub(crate) late: Option<(Slot, u8, u64)>,
    /// A release is being written into the other slot; that ends with the boot.
    pub(crate) stages: bool,
    pub(crate) budget: Budget,
    /// Copies that were lost.
    pub(crate) lost: u8,
}

impl Device {
    pub(crate) fn image(&self, slot: Slot) -> &Image {
        let [a, b] = &self.slots;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    pub(crate) fn image_mut(&mut self, slot: Slot) -> &mut Image {
        let [a, b] = &mut self.slots;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    pub(crate) fn save(&mut self, state: BootState) {
        let old = self.state.replace(Saved(state));
        self.before = old.filter(|_| self.budget.lost_copies > 0);
    }

    pub(crate) fn running_slot(&self) -> Option<Slot> {
        match self.phase {
            Phase::Runs {
                source: Source::Slot(slot),
                ..
            } => Some(slot),
            _ => None,
        }
    }

    /// What a process of this boot believes to be running.
    pub(crate) fn running(&self) -> Option<Running> {
        let Phase::Runs { boot, .. } = self.phase else {
            return None;
        };
        let slot = self.running_slot()?;
        Some(running(slot, self.image(slot).id, boot))
    }
}

pub(crate) fn running(slot: Slot, id: u8, boot: u64) -> Running {
    Running {
        slot,
        manifest_hash: Digest([id; 32]),
        boot_number: image_format::BootNumber(boot),
    }
}
