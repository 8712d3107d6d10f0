//! Whatever went wrong with the other slot, the answer names it: no two alike.

use super::because;
use crate::fixtures::{device, flight};
use image_format::refusal::{PartName, Refusal};
use image_format::{
    BootNumber, Epoch, Event, FrameError, Kind, ResetCause, SignatureError, Slot, Source,
    flight::text,
};
use std::collections::BTreeSet;

const B: Slot = Slot::B;

/// The answer of system-a, which the device fell back to.
fn answer(events: Vec<(u64, Event)>) -> String {
    let mut device = device();
    let fell_back = Event::FellBack {
        from: B,
        to: Source::Slot(Slot::A),
    };
    device.report.boot = BootNumber(4);
    device.flight = flight(events.into_iter().chain([(4, fell_back)]));
    because(&device).sentence
}

fn refused(refusal: Refusal) -> Vec<(u64, Event)> {
    let event = Event::Refused {
        source: Source::Slot(B),
        version: None,
        refusal,
    };
    vec![(4, event)]
}

/// One attempt, whose end is this.
fn trial(end: Event) -> Vec<(u64, Event)> {
    let begun = Event::TrialBegun {
        slot: B,
        attempt: 1,
        given: 1,
    };
    let exhausted = Event::AttemptsExhausted { slot: B, given: 1 };
    vec![(3, begun), (3, end), (4, exhausted)]
}

fn silent(cause: ResetCause) -> Event {
    Event::EndedSilently { cause }
}

fn failures() -> Vec<(Vec<(u64, Event)>, &'static str)> {
    let check_failed = |check, detail| Event::CheckFailed {
        slot: B,
        check: text(check),
        detail: text(detail),
    };
    vec![
        (
            refused(Refusal::Digest {
                part: PartName::Kernel,
            }),
            "system-b was refused: the kernel is not the one that was signed: digest mismatch",
        ),
        (
            refused(Refusal::Damaged {
                record: Kind::Manifest,
                error: FrameError::Checksum,
            }),
            "system-b was refused: the manifest is damaged: checksum mismatch",
        ),
        (
            refused(Refusal::Untrusted {
                record: Kind::Manifest,
                error: SignatureError::Invalid,
            }),
            "system-b was refused: the manifest is not trusted: a signature does not verify",
        ),
        (
            refused(Refusal::EpochBelowFloor {
                epoch: Epoch(1),
                floor: Epoch(2),
            }),
            "system-b was refused: its security epoch 1 is below the floor 2",
        ),
        (
            vec![(3, Event::RootCorrupt { slot: B, block: 9 })],
            "the root of system-b is damaged: block 9 is not the one that was signed",
        ),
        (
            trial(silent(ResetCause::Watchdog)),
            "system-b used up its 1 attempt; the last one hung until the hardware watchdog reset \
             the machine",
        ),
        (
            trial(silent(ResetCause::Reset)),
            "system-b used up its 1 attempt; the last one reset the machine without a word",
        ),
        (
            trial(silent(ResetCause::PowerLoss)),
            "system-b used up its 1 attempt; the last one ended with the power",
        ),
        (
            trial(Event::KernelPanicked {
                message: text("Attempted to kill init!"),
            }),
            "system-b used up its 1 attempt; the last one ended in a kernel panic: Attempted to \
             kill init!",
        ),
        (
            trial(Event::TimedOut {
                slot: B,
                step: text("map the root"),
                secs: 300,
            }),
            "system-b used up its 1 attempt; the last one was not done with the step \
             \"map the root\" within 300 s",
        ),
        (
            trial(Event::InitFailed {
                slot: B,
                step: text("find the disk"),
                reason: text("no disk carries that GUID"),
            }),
            "system-b used up its 1 attempt; the last one failed at the step \"find the disk\": \
             no disk carries that GUID",
        ),
        (
            trial(check_failed("services", "web: it ended with 7")),
            "system-b used up its 1 attempt; the last one failed the health check \"services\": \
             web: it ended with 7",
        ),
        (
            trial(check_failed(
                "network",
                "there is no default route for inet6",
            )),
            "system-b used up its 1 attempt; the last one failed the health check \"network\": \
             there is no default route for inet6",
        ),
        (
            trial(Event::Interrupted { slot: B }),
            "system-b used up its 1 attempt; the last one was ended by a person",
        ),
        (
            vec![
                (3, silent(ResetCause::Watchdog)),
                (4, Event::ConfirmationLost { slot: B, boots: 5 }),
            ],
            "system-b did not come up in 5 boots in a row; the last one hung until the hardware \
             watchdog reset the machine",
        ),
    ]
}

#[test]
fn every_failure_has_its_own_answer() {
    let answers: BTreeSet<_> = failures()
        .into_iter()
        .map(|(events, reason)| {
            let answer = answer(events);
            let expected = format!("system-a version 1 runs because {reason} (boot 4).");
            assert_eq!(answer, expected);
            answer
        })
        .collect();
    assert_eq!(answers.len(), failures().len());
    assert!(answers.len() >= 12);
}
