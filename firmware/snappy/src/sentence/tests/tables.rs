//! All that can be told.

use crate::fixtures::{HASH_A, HASH_B};
use image_format::refusal::PartName;
use image_format::{
    AppData, Epoch, Event, FrameError, Kind, Refusal, ResetCause, Serial, SignatureError, Slot,
    Source, StateError, Verdict, Version, flight::text,
};

/// One event of each kind, with its sentence. The numbers pin that none is missing:
/// a new kind does not compile until it has a sentence, and fails here until it is added.
pub(super) fn events() -> Vec<(Event, &'static str)> {
    let (a, b) = (Slot::A, Slot::B);
    vec![
        (
            Event::TrialBegun {
                slot: b,
                attempt: 1,
                given: 3,
            },
            "The loader began attempt 1 of 3 to boot system-b, which is on trial.",
        ),
        (
            Event::Refused {
                source: Source::Slot(b),
                version: Some(Version(2)),
                refusal: Refusal::Digest {
                    part: PartName::Kernel,
                },
            },
            "The loader refused system-b version 2: the kernel is not the one that was signed: \
             digest mismatch. Install the release there again; if this repeats, replace the disk.",
        ),
        (
            Event::AttemptsExhausted { slot: b, given: 1 },
            "system-b used up its 1 attempt without being confirmed. It stays a last resort until \
             a release is installed there again.",
        ),
        (
            Event::ConfirmationLost { slot: a, boots: 5 },
            "system-a lost its confirmation: 5 boots in a row began and did not come up.",
        ),
        (
            Event::FellBack {
                from: b,
                to: Source::Rescue,
            },
            "The loader fell back from system-b to rescue.",
        ),
        (
            Event::StateCopyLost {
                copy: 1,
                error: StateError::Checksum,
            },
            "Copy 1 of the boot state was lost: checksum mismatch. The other copy counts, and the \
             lost one is written again. If this repeats without a loss of power, replace the disk.",
        ),
        (
            Event::StateRebuilt { trial: Some(b) },
            "Both copies of the boot state were lost. The loader rebuilt it from the slots, with \
             system-b on trial.",
        ),
        (
            Event::NothingBoots,
            "Nothing could be booted: the refusals above name the reasons. Flash the disk again if \
             they stay.",
        ),
        (
            Event::LoaderPanicked {
                message: text("main.rs:7: out of cheese"),
            },
            "The loader failed where it should not: main.rs:7: out of cheese. Please report this.",
        ),
        (
            Event::Confirmed {
                slot: a,
                version: Version(1),
                manifest_hash: HASH_A,
            },
            "system-a version 1 (184ad1e863e947) works and was confirmed.",
        ),
        (
            Event::CheckFailed {
                slot: b,
                check: text("writable"),
                detail: text("it is full"),
            },
            "system-b failed the health check \"writable\": it is full.",
        ),
        (
            Event::RootCorrupt { slot: a, block: 77 },
            "Linux found that the root of system-a is damaged: block 77 is not the one that was \
 signed. The device falls back if the other slot has a system. Install the release \
 there again; if this repeats, replace the disk.",
        ),
        (
            Event::InitFailed {
                slot: b,
                step: text("map the root"),
                reason: text("no such device"),
            },
            "system-b did not come up, at the step \"map the root\": no such device.",
        ),
        (
            Event::WritableLost {
                reason: text("bad superblock"),
            },
            "The disk's \"writable\" was not there: bad superblock. The system ran on memory, and what \
             was written in this boot is gone. If this repeats, replace the disk.",
        ),
        (
            Event::RollbackRequested { from: b, to: a },
            "A person asked to roll back from system-b to system-a.",
        ),
        (
            Event::EndedSilently {
                cause: ResetCause::Watchdog,
            },
            "The system hung: nothing fed the hardware watchdog, and it reset the machine.",
        ),
        (
            Event::TimedOut {
                slot: b,
                step: text("mount writable"),
                secs: 120,
            },
            "system-b was not done in time: the step \"mount writable\" should have ended within 120 s. \
             PID 1 ended the boot.",
        ),
        (
            Event::KernelPanicked {
                message: text("Fatal exception in interrupt"),
            },
            "The kernel panicked: Fatal exception in interrupt.",
        ),
        (
            Event::LastLines {
                lines: text("one\ntwo"),
            },
            "The console said last: one / two",
        ),
        (
            Event::Interrupted { slot: b },
            "A person ended the boot of system-b before its trial had an outcome. Nothing is held \
             against it.",
        ),
        (
            Event::TrialJudged {
                slot: b,
                manifest_hash: HASH_B,
                verdict: Verdict::Failed,
                reason: text("it hung"),
            },
            "The trial of 7f068cb4fa876c in system-b failed: it hung. This release is remembered and \
             will not be tried again.",
        ),
        (
            Event::FloorsRaised {
                epoch: Epoch(2),
                serial: Serial(3),
            },
            "The floors rose: from now on no image below security epoch 2, or under a delegation below \
             3, boots.",
        ),
        (
            Event::FloorsDisagreed {
                state_epoch: Epoch(1),
                variable_epoch: Epoch(2),
                state_serial: Serial(3),
                variable_serial: Serial(4),
            },
            "The floors in the boot state (epoch 1, delegation 3) were not those in the firmware \
             (epoch 2, delegation 4). The higher one of each counts. Unless a part was replaced, \
             somebody may have tampered with the device.",
        ),
        (Event::RescueRuns, "The rescue system came up."),
        (
            Event::StagingBegun {
                slot: b,
                version: Version(2),
                manifest_hash: HASH_B,
            },
            "Version 2 (7f068cb4fa876c) is being written to system-b, which was emptied for it.",
        ),
        (
            Event::Staged {
                slot: b,
                version: Version(2),
                manifest_hash: HASH_B,
            },
            "Version 2 (7f068cb4fa876c) was written to system-b and read back. It goes on trial at \
             the next boot.",
        ),
        (
            Event::StagingFailed {
                slot: b,
                reason: text("the disk cannot be written"),
            },
            "The update was not written, and system-b holds nothing: the disk cannot be written.",
        ),
        (
            Event::ReinstallFailed {
                from: text("3.update on sda1"),
                reason: text("it is refused: wrong board"),
            },
            "The rescue system installed nothing from 3.update on sda1: it is refused: wrong board.",
        ),
        (
            Event::ResetRequested {
                data: AppData::Kept,
            },
            "Somebody asked for a factory reset that keeps the data of apps. The next boot does it.",
        ),
        (
            Event::ResetDone {
                data: AppData::Dropped,
            },
            "The factory reset is done: what was on writable is gone.",
        ),
    ]
}

/// One of each kind.
pub(super) fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::NoPartition,
        Refusal::Unreadable,
        Refusal::Empty,
        Refusal::Damaged {
            record: Kind::Manifest,
            error: FrameError::Checksum,
        },
        Refusal::TrailingBytes,
        Refusal::Untrusted {
            record: Kind::Manifest,
            error: SignatureError::Invalid,
        },
        Refusal::SerialBelowFloor {
            serial: Serial(1),
            floor: Serial(2),
        },
        Refusal::EpochBelowFloor {
            epoch: Epoch(3),
            floor: Epoch(4),
        },
        Refusal::WrongBoard {
            image: "toaster".try_into().unwrap(),
        },
        Refusal::Bounds {
            part: PartName::Root,
        },
        Refusal::CommandLine,
        Refusal::NoMemory {
            part: PartName::Initrd,
        },
        Refusal::Digest {
            part: PartName::Kernel,
        },
        Refusal::NotStarted { status: 3 },
        Refusal::AttemptNotRecorded,
        Refusal::NotASystem,
        Refusal::NotARescue,
    ]
}
