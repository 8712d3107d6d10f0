//! The answer, for each way in which a slot comes to run.

use super::{Because, Cause, because};
use crate::fixtures::{HASH_A, TRIAL, device, flight};
use image_format::flight::text;
use image_format::refusal::PartName;
use image_format::{Event, Refusal, Slot, SlotStatus, Source, Version};

const A: Slot = Slot::A;
const B: Slot = Slot::B;

fn answer(status: SlotStatus, events: impl IntoIterator<Item = (u64, Event)>) -> Because {
    let mut device = device();
    device.state.slot_mut(A).status = status;
    device.flight = flight(events);
    because(&device)
}

fn refused(slot: Slot) -> Event {
    Event::Refused {
        source: Source::Slot(slot),
        version: Some(Version(2)),
        refusal: Refusal::Digest {
            part: PartName::Kernel,
        },
    }
}

fn fell_back(from: Slot) -> Event {
    Event::FellBack {
        from,
        to: Source::Slot(from.other()),
    }
}

fn begun(slot: Slot, attempt: u8) -> Event {
    Event::TrialBegun {
        slot,
        attempt,
        given: 3,
    }
}

fn confirmed(slot: Slot) -> Event {
    Event::Confirmed {
        slot,
        version: Version(1),
        manifest_hash: HASH_A,
    }
}

#[test]
fn a_device_as_it_was_made() {
    let answer = answer(SlotStatus::Confirmed, []);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because it is confirmed."
    );
    assert_eq!((answer.cause, answer.from), (Cause::Factory, None));
}

#[test]
fn a_trial() {
    let answer = answer(TRIAL, [(4, begun(A, 1))]);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because it is on trial. This is attempt 1 of 3; it is confirmed \
         once the health check passes."
    );
    assert_eq!((answer.cause, answer.from), (Cause::Trial, None));
}

#[test]
fn a_confirmed_trial() {
    let answer = answer(SlotStatus::Confirmed, [(3, begun(A, 1)), (3, confirmed(A))]);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because it is confirmed (since boot 3)."
    );
    assert_eq!(answer.cause, Cause::Confirmed);
}

#[test]
fn a_refused_other_slot() {
    let answer = answer(SlotStatus::Confirmed, [(4, refused(B)), (4, fell_back(B))]);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because system-b version 2 was refused: the kernel is not the one \
         that was signed: digest mismatch (boot 4)."
    );
    assert_eq!((answer.cause, answer.from), (Cause::FellBack, Some(B)));
}

#[test]
fn a_fall_back_stays_the_reason_after_quiet_boots_and_later_confirms() {
    let events = [
        (2, refused(B)),
        (2, fell_back(B)),
        (2, begun(A, 1)),
        (3, begun(A, 2)),
        (3, confirmed(A)),
    ];
    let answer = answer(SlotStatus::Confirmed, events);
    assert_eq!(answer.cause, Cause::FellBack, "{}", answer.sentence);
}

#[test]
fn a_fall_back_into_a_trial_says_both() {
    let answer = answer(
        TRIAL,
        [(4, refused(B)), (4, fell_back(B)), (4, begun(A, 1))],
    );
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because system-b version 2 was refused: the kernel is not the one \
         that was signed: digest mismatch (boot 4). It is on trial: this is attempt 1 of 3; it is \
         confirmed once the health check passes."
    );
}

#[test]
fn the_other_ways_down() {
    let table = [
        (
            Event::ConfirmationLost { slot: B, boots: 5 },
            "system-b did not come up in 5 boots in a row (boot 4)",
        ),
        (
            Event::RootCorrupt { slot: B, block: 9 },
            "the root of system-b is damaged: block 9 is not the one that was signed (boot 4)",
        ),
        (confirmed(A), "system-b did not boot (boot 4)"),
    ];
    for (event, reason) in table {
        let answer = answer(SlotStatus::Confirmed, [(4, event), (4, fell_back(B))]);
        assert_eq!(
            answer.sentence,
            format!("system-a version 1 runs because {reason}.")
        );
    }
}

fn check_failed(detail: &str) -> Event {
    Event::CheckFailed {
        slot: B,
        check: text("writable"),
        detail: text(detail),
    }
}

/// "system-b used up its attempts" alone would tell nobody what to repair.
#[test]
fn exhausted_attempts_name_the_last_failure_of_this_trial() {
    let exhausted = Event::AttemptsExhausted { slot: B, given: 2 };
    let end = [(4, exhausted), (4, fell_back(B))];
    let init = Event::InitFailed {
        slot: B,
        step: text("map the root"),
        reason: text("no such device"),
    };
    let table = [
        (vec![(2, begun(B, 1)), (3, begun(B, 2))], ""),
        (
            vec![
                (2, begun(B, 1)),
                (2, check_failed("it is full")),
                (3, begun(B, 2)),
                (3, check_failed("read-only")),
            ],
            "; the last one failed the health check \"writable\": read-only",
        ),
        (
            vec![
                (2, begun(B, 1)),
                (2, check_failed("it is full")),
                (3, begun(B, 2)),
                (3, init),
            ],
            "; the last one failed at the step \"map the root\": no such device",
        ),
        (
            vec![
                (1, begun(B, 1)),
                (1, check_failed("an older image")),
                (2, begun(B, 1)),
                (3, begun(B, 2)),
            ],
            "",
        ),
        (
            vec![(1, check_failed("an older image")), (1, confirmed(B))],
            "",
        ),
    ];
    for (before, last) in table {
        let answer = answer(SlotStatus::Confirmed, before.into_iter().chain(end.clone()));
        let reason = format!("system-b used up its 2 attempts{last} (boot 4)");
        assert_eq!(
            answer.sentence,
            format!("system-a version 1 runs because {reason}.")
        );
    }
}

#[test]
fn a_later_release_in_the_same_slot_ends_an_old_fall_back() {
    let events = [
        (1, refused(B)),
        (1, fell_back(B)),
        (2, begun(A, 1)),
        (2, confirmed(A)),
    ];
    let answer = answer(SlotStatus::Confirmed, events);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because it is confirmed (since boot 2)."
    );
}

#[test]
fn a_confirm_of_another_image_does_not_count() {
    let other = Event::Confirmed {
        slot: A,
        version: Version(9),
        manifest_hash: crate::fixtures::HASH_B,
    };
    assert_eq!(
        answer(SlotStatus::Confirmed, [(1, other)]).cause,
        Cause::Factory
    );
}

#[test]
fn a_rollback() {
    let events = [
        (1, confirmed(A)),
        (3, Event::RollbackRequested { from: B, to: A }),
    ];
    let confirmed = answer(SlotStatus::Confirmed, events.clone());
    assert_eq!(
        confirmed.sentence,
        "system-a version 1 runs because a person rolled back to it (boot 3)."
    );
    assert_eq!(
        (confirmed.cause, confirmed.from),
        (Cause::RolledBack, Some(B))
    );
    let on_trial = answer(TRIAL, events.into_iter().chain([(4, begun(A, 1))]));
    assert_eq!(on_trial.cause, Cause::RolledBack, "{}", on_trial.sentence);
}

#[test]
fn a_rollback_that_waits_for_the_reboot_changes_nothing_yet() {
    let answer = answer(
        SlotStatus::Confirmed,
        [(4, Event::RollbackRequested { from: A, to: B })],
    );
    assert_eq!(answer.cause, Cause::Factory);
}

#[test]
fn a_rebuilt_state() {
    let events = [
        (4, Event::StateRebuilt { trial: Some(A) }),
        (4, begun(A, 1)),
    ];
    let answer = answer(TRIAL, events);
    assert_eq!(
        answer.sentence,
        "system-a version 1 runs because the boot state was lost and rebuilt from the slots (boot 4). \
         It is on trial: this is attempt 1 of 3; it is confirmed once the health check passes."
    );
    assert_eq!(answer.cause, Cause::Rebuilt);
}
