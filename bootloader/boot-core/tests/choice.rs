//! The choice as a table: which source is tried, in which order.

use boot_core::choice::{Excluded, MAX_BEGUN_WITHOUT_UP, begin, choose, settle};
use image_format::SlotStatus::*;
use image_format::*;

fn state(active: Slot, a: SlotStatus, b: SlotStatus) -> BootState {
    let record = |status| SlotRecord {
        status,
        manifest_hash: Digest::ZERO,
    };
    BootState {
        generation: 1,
        boot_number: BootNumber(1),
        flight_sequence: 0,
        floors: Floors::default(),
        active,
        begun_without_up: 0,
        slots: [record(a), record(b)],
    }
}

const fn trial(attempts_left: u8) -> SlotStatus {
    Trial {
        attempts_left,
        attempts_given: 3,
    }
}

/// The sources in the order in which a boot would try them.
fn order(state: &BootState) -> String {
    let mut excluded = Excluded::default();
    let mut order = String::new();
    while let Some(source) = choose(state, excluded) {
        excluded.add(source);
        order.push(match source {
            Source::Slot(Slot::A) => 'A',
            Source::Slot(Slot::B) => 'B',
            Source::Rescue => 'R',
        });
    }
    order
}

#[test]
fn every_pair_of_statuses_has_its_order() {
    let statuses = [trial(1), Confirmed, Installed, Exhausted, Refused, Empty];
    // Rows: system-a; columns: system-b; A is active.
    let table = [
        //   T     C     I     E     R     -
        ["ABR", "ABR", "ABR", "ABR", "ABR", "ABR"], // trial
        ["BAR", "ABR", "ABR", "ABR", "ABR", "ABR"], // confirmed
        ["BAR", "BAR", "ABR", "ABR", "ABR", "ABR"], // installed
        ["BAR", "BAR", "BAR", "ABR", "ABR", "ABR"], // exhausted
        ["BAR", "BAR", "BAR", "BAR", "ABR", "ABR"], // refused
        ["BAR", "BAR", "BAR", "BAR", "BAR", "ABR"], // empty
    ];
    for (a, row) in statuses.into_iter().zip(table) {
        for (b, expected) in statuses.into_iter().zip(row) {
            assert_eq!(order(&state(Slot::A, a, b)), expected, "{a:?} {b:?}");
            // The mirror image: the slots and the active one exchanged.
            if a != trial(1) || b != trial(1) {
                let mirrored: String = expected
                    .chars()
                    .map(|c| match c {
                        'A' => 'B',
                        'B' => 'A',
                        c => c,
                    })
                    .collect();
                assert_eq!(
                    order(&state(Slot::B, b, a)),
                    mirrored,
                    "mirrored {a:?} {b:?}"
                );
            }
        }
    }
}

#[test]
fn an_attempt_is_counted_when_it_begins() {
    let mut state = state(Slot::A, Confirmed, trial(3));
    for (attempt, left) in [(1, 2), (2, 1), (3, 0)] {
        let event = begin(&mut state, Source::Slot(Slot::B));
        assert_eq!(
            event,
            Some(Event::TrialBegun {
                slot: Slot::B,
                attempt,
                given: 3
            })
        );
        assert_eq!(state.slot(Slot::B).status, trial(left));
    }
    assert_eq!(
        settle(&mut state),
        Some(Event::AttemptsExhausted {
            slot: Slot::B,
            given: 3
        })
    );
    assert_eq!(settle(&mut state), None);
    assert_eq!(order(&state), "ABR");
}

#[test]
fn a_trial_does_not_use_up_the_fallbacks_boots() {
    let mut state = state(Slot::A, Confirmed, trial(3));
    state.begun_without_up = 2;
    for _ in 0..3 {
        assert_eq!(settle(&mut state), None);
        begin(&mut state, Source::Slot(Slot::B));
    }
    settle(&mut state);
    assert_eq!(state.begun_without_up, 2);
}

#[test]
fn the_last_resort_is_tried_for_ever_with_the_rescue_system_in_between() {
    let mut state = state(Slot::A, Installed, Refused);
    for _ in 0..50 {
        for _ in 0..MAX_BEGUN_WITHOUT_UP {
            assert_eq!(settle(&mut state), None);
            assert_eq!(order(&state), "ABR");
            begin(&mut state, Source::Slot(Slot::A));
        }
        assert_eq!(settle(&mut state), None);
        assert_eq!(order(&state), "RAB");
        begin(&mut state, Source::Rescue);
    }
}

#[test]
fn a_last_resort_that_died_lets_the_other_one_go_first() {
    for (a, b, first) in [
        (Exhausted, Exhausted, "BAR"),
        (Installed, Exhausted, "BAR"),
        (Exhausted, Installed, "ABR"),
        (Exhausted, Refused, "ABR"),
    ] {
        let mut state = state(Slot::A, a, b);
        state.begun_without_up = MAX_BEGUN_WITHOUT_UP;
        begin(&mut state, Source::Rescue);
        assert_eq!(order(&state), first, "{a:?} {b:?}");
    }
}

#[test]
fn the_rescue_system_goes_before_no_slot_with_a_claim() {
    for (a, b, expected) in [
        (Confirmed, Exhausted, "ARB"),
        (Exhausted, Confirmed, "BRA"),
        (Exhausted, trial(2), "BRA"),
        (Confirmed, Installed, "ARB"),
    ] {
        let mut state = state(Slot::A, a, b);
        state.begun_without_up = u8::MAX;
        assert_eq!(order(&state), expected, "{a:?} {b:?}");
    }
}

#[test]
fn what_the_rescue_system_does_is_held_against_no_slot() {
    let before = state(Slot::A, Exhausted, Refused);
    let mut after = before.clone();
    assert_eq!(begin(&mut after, Source::Rescue), None);
    assert_eq!(after, before);
}
