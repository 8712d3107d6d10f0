//! The sequences, each crossed with what the new image does, with and without a second home
//! of the floors, and with several disks.

use crate::disk::Wear;
use crate::image::Behaviour::{
    self, Corrupt, CorruptInitrd, DamagedRoot, DiesAfterConfirm, Foreign, Forged, Good, Hangs,
    HangsReader, Unhealthy,
};
use crate::image::Image;
use crate::layouts::{Devices, DiskLayout};
use crate::world::{End, Setup, Step, World};
use Step::{Boot, BootAndLateConfirm, BootAndRollBack, BootAndStage};
use boot_core::SecondHome;
use image_format::SlotStatus::{Confirmed, Exhausted, Installed};
use image_format::{
    BootNumber, BootState, Epoch, Floors, Serial, Slot, SlotRecord, SlotStatus, Source,
};

/// Attempts of a trial.
const ATTEMPTS: u8 = 2;
const TRIAL: SlotStatus = trial(ATTEMPTS);
const FLOORS: Floors = Floors {
    epoch: Epoch(1),
    serial: Serial(1),
};

const fn trial(attempts: u8) -> SlotStatus {
    SlotStatus::Trial {
        attempts_left: attempts,
        attempts_given: attempts,
    }
}

/// What happens, and to which device.
struct Sequence {
    name: &'static str,
    steps: &'static [Step],
    /// What happens at each boot after a loss of power.
    recovery: Step,
    /// Status and behaviour of system-a, which is active; version 1.
    a: (SlotStatus, Behaviour),
    /// Status of system-b, version 2.
    b: SlotStatus,
    /// What system-b may do.
    behaviours: &'static [Behaviour],
    epochs: [u32; 2],
    lost_copies: &'static [usize],
    /// The second home holds nothing yet.
    new_home: bool,
    attempts: u8,
    /// What system-b may do is what a release does that is staged there. Until then it holds
    /// the version before that of system-a.
    stages: bool,
    /// What that does.
    before: Behaviour,
    wear: Wear,
    end: End,
}

const ANY: &[Behaviour] = &[Good, Hangs, Unhealthy, DiesAfterConfirm, Corrupt];

const PLAIN: Sequence = Sequence {
    name: "",
    steps: &[Boot, Boot],
    recovery: Boot,
    a: (Confirmed, Good),
    b: TRIAL,
    behaviours: ANY,
    epochs: [1, 1],
    lost_copies: &[],
    new_home: false,
    attempts: ATTEMPTS,
    stages: false,
    before: Good,
    wear: Wear::None,
    end: End::Good,
};

const SEQUENCES: &[Sequence] = &[
    Sequence {
        name: "first-boot",
        a: (TRIAL, Good),
        b: Installed,
        new_home: true,
        behaviours: &[Good],
        ..PLAIN
    },
    Sequence {
        name: "up-and-confirm",
        ..PLAIN
    },
    Sequence {
        name: "hang-until-fall-back",
        steps: &[Boot, Boot, Boot, Boot],
        behaviours: &[Hangs, HangsReader],
        ..PLAIN
    },
    Sequence {
        name: "late-confirm",
        steps: &[Boot, BootAndLateConfirm, BootAndLateConfirm],
        behaviours: &[Hangs],
        ..PLAIN
    },
    Sequence {
        name: "dies-after-confirm",
        steps: &[Boot; 8],
        behaviours: &[DiesAfterConfirm],
        ..PLAIN
    },
    Sequence {
        name: "stage",
        steps: &[BootAndStage, Boot, Boot, Boot, Boot],
        b: Confirmed,
        behaviours: &[Good, Hangs],
        attempts: 3,
        stages: true,
        ..PLAIN
    },
    Sequence {
        name: "stage-again",
        steps: &[BootAndStage, Boot, Boot, Boot, Boot],
        recovery: BootAndStage,
        b: Exhausted,
        behaviours: &[Good, Unhealthy],
        attempts: 3,
        stages: true,
        ..PLAIN
    },
    Sequence {
        name: "rollback",
        steps: &[Boot, BootAndRollBack, Boot],
        b: Confirmed,
        behaviours: &[Good, Corrupt],
        ..PLAIN
    },
    Sequence {
        name: "rollback-to-untried",
        steps: &[BootAndRollBack, Boot, Boot, Boot, Boot],
        b: Installed,
        attempts: 3,
        ..PLAIN
    },
    Sequence {
        name: "damaged-root",
        a: (Confirmed, DamagedRoot),
        b: Confirmed,
        behaviours: &[Good],
        ..PLAIN
    },
    Sequence {
        name: "damaged-root-alone",
        a: (Confirmed, DamagedRoot),
        b: SlotStatus::Refused,
        behaviours: &[Corrupt],
        end: End::Damaged,
        ..PLAIN
    },
    Sequence {
        name: "one-attempt",
        b: trial(1),
        behaviours: &[Good, Hangs],
        attempts: 1,
        ..PLAIN
    },
    Sequence {
        name: "confirmed-hangs",
        steps: &[Boot; 7],
        a: (Confirmed, Hangs),
        b: Confirmed,
        behaviours: &[Good],
        ..PLAIN
    },
    Sequence {
        name: "worn-card",
        steps: &[Boot; 4],
        behaviours: &[Good, Hangs],
        wear: Wear::KeepsNothing,
        ..PLAIN
    },
    Sequence {
        name: "below-floor",
        behaviours: &[Good],
        epochs: [1, 0],
        ..PLAIN
    },
    Sequence {
        name: "floors-rise",
        steps: &[Boot, Boot, Boot],
        epochs: [2, 3],
        ..PLAIN
    },
    Sequence {
        name: "older-copy-bad",
        lost_copies: &[0],
        ..PLAIN
    },
    Sequence {
        name: "newer-copy-bad",
        lost_copies: &[1],
        ..PLAIN
    },
    Sequence {
        name: "both-copies-bad",
        steps: &[Boot, Boot, Boot, Boot],
        lost_copies: &[0, 1],
        attempts: 3,
        ..PLAIN
    },
    Sequence {
        name: "both-slots-bad",
        a: (Confirmed, Corrupt),
        behaviours: &[Corrupt, CorruptInitrd, Foreign, Forged],
        end: End::Rescue,
        ..PLAIN
    },
    Sequence {
        name: "rescue-reinstalls",
        steps: &[BootAndStage, Boot, Boot, Boot],
        recovery: BootAndStage,
        a: (Confirmed, Corrupt),
        b: Confirmed,
        before: Corrupt,
        behaviours: &[Good],
        attempts: 3,
        stages: true,
        ..PLAIN
    },
    Sequence {
        name: "last-resort",
        steps: &[Boot; 8],
        a: (Exhausted, Hangs),
        b: Exhausted,
        behaviours: &[Hangs, Corrupt],
        end: End::RescueInTurn,
        ..PLAIN
    },
    Sequence {
        name: "good-last-resort",
        steps: &[Boot; 8],
        a: (Exhausted, Hangs),
        b: Exhausted,
        behaviours: &[Good],
        ..PLAIN
    },
];

/// A sequence and what it is crossed with: a world that can be made.
pub(crate) struct Plan {
    sequence: &'static Sequence,
    new: Behaviour,
    second_home: bool,
    disk: DiskLayout,
}

/// All of them, on some devices.
pub(crate) fn plans(devices: Devices) -> impl Iterator<Item = Plan> {
    SEQUENCES.iter().flat_map(move |sequence| {
        sequence.behaviours.iter().flat_map(move |new| {
            devices.all().map(move |(disk, second_home)| Plan {
                sequence,
                new: *new,
                second_home,
                disk,
            })
        })
    })
}

impl Plan {
    /// The name of the world.
    pub(crate) fn name(&self) -> String {
        let new = self.new.name();
        let homes = if self.second_home {
            "variable"
        } else {
            "one-home"
        };
        format!("{}.{new}.{homes}.{}", self.sequence.name, self.disk.name)
    }

    /// The device, made.
    pub(crate) fn world(&self) -> World {
        let sequence = self.sequence;
        let (status_a, behaviour_a) = sequence.a;
        let [epoch_a, epoch_b] = sequence.epochs;
        let a = Image::new(Source::Slot(Slot::A), 1, epoch_a, behaviour_a);
        let new = Image::new(Source::Slot(Slot::B), 2, epoch_b, self.new);
        let (b, release) = if sequence.stages {
            let before = Image::new(Source::Slot(Slot::B), 0, epoch_b, sequence.before);
            (before, Some(new))
        } else {
            (new, None)
        };
        let rescue = Image::new(Source::Rescue, 9, epoch_a.max(epoch_b), Good);
        let record = |status, image: &Image| SlotRecord {
            status,
            manifest_hash: image.manifest_hash,
        };
        let state = BootState {
            generation: 7,
            boot_number: BootNumber(4),
            flight_sequence: 0,
            floors: FLOORS,
            active: Slot::A,
            begun_without_up: 0,
            slots: [record(status_a, &a), record(sequence.b, &b)],
        };
        let setup = Setup {
            state,
            lost_copies: sequence.lost_copies,
            images: vec![a, b, rescue],
            second_home: match (self.second_home, sequence.new_home) {
                (true, true) => SecondHome::Absent,
                (true, false) => SecondHome::Record(FLOORS.encode()),
                (false, _) => SecondHome::None,
            },
            release,
            disk: self.disk,
            wear: sequence.wear,
        };
        World::new(
            self.name(),
            sequence.name,
            (sequence.steps, sequence.recovery),
            sequence.attempts,
            sequence.end,
            setup,
        )
    }
}

#[cfg(test)]
mod tests;
