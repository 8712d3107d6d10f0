//! Every kind of event and every refusal has a sentence of its own.

use super::sentence;
use crate::fixtures::{HASH_A, HASH_B};
use crate::record::{kind, record};
use crate::refusal_text::{check_name, remedy};
use image_format::frame::encode_frame;
use image_format::refusal::PartName;
use image_format::{
    AppData, BootNumber, Epoch, Event, FlightEntry, FrameError, Kind, Refusal, ResetCause, Serial,
    SignatureError, Slot, Source, StateError, Verdict, Version, flight::text,
};
use std::collections::BTreeSet;

/// One event of each kind, with its sentence. The numbers pin that none is missing:
/// a new kind does not compile until it has a sentence, and fails here until it is added.
fn events() -> Vec<(Event, &'static str)> {
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

fn refusals() -> Vec<Refusal> {
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

#[test]
fn every_kind_of_event_has_its_sentence() {
    for (event, expected) in events() {
        assert_eq!(sentence(&event), expected);
    }
}

#[test]
fn no_two_kinds_share_a_sentence_or_a_name() {
    let events = events();
    let sentences: BTreeSet<_> = events.iter().map(|(event, _)| sentence(event)).collect();
    let kinds: BTreeSet<_> = events.iter().map(|(event, _)| kind(event)).collect();
    assert_eq!((sentences.len(), kinds.len()), (events.len(), events.len()));
}

/// Stored enums are numbered by position, so the number behind the tables' last is no
/// event and no refusal: if it is, a variant is missing from the tables.
#[test]
fn the_tables_hold_every_variant() {
    const SEQUENCE_AND_BOOT: [u8; 2] = [1, 1];
    const REFUSED_RESCUE_UNKNOWN_VERSION: [u8; 3] = [1, 1, 0];
    let event = |number: usize| [&SEQUENCE_AND_BOOT[..], &[number as u8]].concat();
    let refusal = |number: usize| {
        let refused = [
            SEQUENCE_AND_BOOT.as_slice(),
            &REFUSED_RESCUE_UNKNOWN_VERSION,
        ]
        .concat();
        [refused, vec![number as u8]].concat()
    };
    let (events, refusals) = (events().len(), refusals().len());
    assert!(is_known(event(events - 1)) && is_known(refusal(refusals - 1)));
    assert!(
        !is_known(event(events)),
        "an event is missing from the table"
    );
    assert!(
        !is_known(refusal(refusals)),
        "a refusal is missing from the table"
    );
}

/// Whether an entry that starts like this decodes, with zeros for its fields.
fn is_known(mut payload: Vec<u8>) -> bool {
    payload.resize(64, 0);
    let mut block = [0; 512];
    let frame = encode_frame(Kind::FlightEntry, &payload, &mut block).unwrap();
    FlightEntry::parse(frame) != Err(FrameError::Payload)
}

#[test]
fn every_refusal_has_its_reason_name_and_remedy() {
    let refusals = refusals();
    let names: BTreeSet<_> = refusals.iter().map(check_name).collect();
    let sentences: BTreeSet<_> = refusals
        .iter()
        .map(|refusal| refused(refusal.clone()))
        .collect();
    assert_eq!(
        (names.len(), sentences.len()),
        (refusals.len(), refusals.len())
    );
    for refusal in refusals {
        let sentence = refused(refusal.clone());
        assert!(sentence.starts_with(&format!("The loader refused system-b: {refusal}. ")));
        assert!(sentence.ends_with(remedy(&refusal)) && remedy(&refusal).ends_with('.'));
    }
}

fn refused(refusal: Refusal) -> String {
    sentence(&Event::Refused {
        source: Source::Slot(Slot::B),
        version: None,
        refusal,
    })
}

#[test]
fn a_damaged_record_does_not_drive_the_terminal() {
    let message = text("\u{1b}[2Jgone\r\n");
    let sentence = sentence(&Event::LoaderPanicked { message });
    assert!(sentence.chars().all(|c| !c.is_control()), "{sentence:?}");
}

#[test]
fn a_block_that_nobody_knows_has_no_number() {
    let event = Event::RootCorrupt {
        slot: Slot::A,
        block: u64::MAX,
    };
    assert!(sentence(&event).contains(": a block is not the one"));
    let entry = FlightEntry {
        sequence: 7,
        boot_number: BootNumber(4),
        event,
    };
    assert_eq!(record(&entry)["block"], serde_json::Value::Null);
}

#[test]
fn a_record_has_the_fields_of_its_event() {
    for (event, expected) in events() {
        let entry = FlightEntry {
            sequence: 7,
            boot_number: BootNumber(4),
            event,
        };
        let record = record(&entry);
        assert_eq!(record["sequence"], 7);
        assert_eq!(record["boot"], 4);
        assert_eq!(record["kind"], kind(&entry.event));
        assert_eq!(record["sentence"], expected);
    }
}

#[test]
fn a_refusal_is_told_with_its_check_and_fields() {
    let table = [
        (
            Refusal::Damaged {
                record: Kind::DelegationSignatures,
                error: FrameError::Truncated,
            },
            r#"{"check":"damaged","error":"truncated","record":"delegation signatures"}"#,
        ),
        (
            Refusal::EpochBelowFloor {
                epoch: Epoch(3),
                floor: Epoch(4),
            },
            r#"{"check":"epoch-below-floor","epoch":3,"floor":4}"#,
        ),
        (
            Refusal::Digest {
                part: PartName::Initrd,
            },
            r#"{"check":"digest","part":"initrd"}"#,
        ),
        (Refusal::TrailingBytes, r#"{"check":"trailing-bytes"}"#),
    ];
    for (refusal, expected) in table {
        let fields = serde_json::Value::Object(crate::refusal_text::fields(&refusal));
        assert_eq!(fields.to_string(), expected);
    }
}
