//! The rules about the floors as tables, and every pair of number and floor in a boot.

mod device;

use boot_core::floors::{
    Found, effective, may_rise, rise, second_home_forgot, state_fell_back, state_overreaches,
};
use device::{Device, Image};
use image_format::*;

const NUMBERS: std::ops::RangeInclusive<u32> = 0..=4;

/// The same number for both: what holds for one is checked for the other by `exchanged`.
fn epoch(epoch: u32) -> Floors {
    Floors {
        epoch: Epoch(epoch),
        serial: Serial(2),
    }
}

fn exchanged(floors: Floors) -> Floors {
    Floors {
        epoch: Epoch(floors.serial.0),
        serial: Serial(floors.epoch.0),
    }
}

fn both(epoch: u32, serial: u32) -> Floors {
    Floors {
        epoch: Epoch(epoch),
        serial: Serial(serial),
    }
}

#[test]
fn an_image_boots_when_it_is_not_below_the_floor_and_only_then() {
    for number in NUMBERS {
        for floor in NUMBERS {
            for by_serial in [false, true] {
                let mut image = Image::new(2);
                let mut floors = Floors::default();
                let refusal = if by_serial {
                    (image.serial, floors.serial) = (number, Serial(floor));
                    Refusal::SerialBelowFloor {
                        serial: Serial(number),
                        floor: Serial(floor),
                    }
                } else {
                    (image.epoch, floors.epoch) = (number, Epoch(floor));
                    Refusal::EpochBelowFloor {
                        epoch: Epoch(number),
                        floor: Epoch(floor),
                    }
                };
                let mut device = Device::new(&image, &image);
                device.change_state(|state| state.floors = floors);
                let outcome = device.boot();
                if number >= floor {
                    assert_eq!(outcome.started().slot(), "system-a");
                } else {
                    outcome.halted();
                    let refused = Event::Refused {
                        source: Source::Slot(Slot::A),
                        version: None,
                        refusal,
                    };
                    assert_eq!(device.events()[0], refused);
                }
            }
        }
    }
}

/// Two slots, a floor, what of it was verified, what was confirmed: the floor rises to the
/// lower slot, or not at all.
#[test]
fn a_floor_rises_to_the_lower_of_two_verified_slots_after_a_confirm() {
    let mut rises = 0;
    for a in NUMBERS {
        for b in NUMBERS {
            for floor in NUMBERS {
                for (a_intact, b_intact, confirmed) in every_three() {
                    // What is below the floor is not verified against it.
                    let verified =
                        |number, intact: bool| (intact && number >= floor).then_some(epoch(number));
                    let running = verified(a, a_intact).filter(|_| confirmed);
                    let other = verified(b, b_intact);
                    let risen = rise(epoch(floor), running, other);
                    let may = a_intact && b_intact && confirmed && a.min(b) > floor;
                    assert_eq!(risen, may.then(|| epoch(a.min(b))), "{a} {b} {floor}");
                    let mirrored = rise(
                        exchanged(epoch(floor)),
                        running.map(exchanged),
                        other.map(exchanged),
                    );
                    assert_eq!(mirrored, risen.map(exchanged));
                    rises += usize::from(may);
                }
            }
        }
    }
    assert_eq!(rises, 30);
}

fn every_three() -> impl Iterator<Item = (bool, bool, bool)> {
    (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
}

#[test]
fn each_number_rises_by_itself_and_none_ever_falls() {
    let risen = |present, a, b| rise(present, Some(a), Some(b));
    assert_eq!(risen(both(1, 1), both(3, 1), both(2, 4)), Some(both(2, 1)));
    assert_eq!(risen(both(1, 1), both(3, 1), both(1, 4)), None);
    assert_eq!(risen(both(1, 3), both(2, 1), both(2, 1)), Some(both(2, 3)));
    assert_eq!(risen(both(0, 0), both(0, 2), both(0, 1)), Some(both(0, 1)));
}

#[test]
fn the_higher_home_counts_number_by_number() {
    for state in NUMBERS {
        for second in NUMBERS {
            let found = Found::Floors(both(second, 4 - second));
            let expected = both(state.max(second), (4 - state).max(4 - second));
            assert_eq!(effective(both(state, 4 - state), found), expected);
        }
        for empty in [Found::NoHome, Found::Nothing] {
            assert_eq!(effective(both(state, state), empty), both(state, state));
        }
    }
}

#[test]
fn the_other_slot_is_looked_at_only_when_a_home_is_behind() {
    for (state, second, running, worth_it) in [
        (both(1, 1), Found::NoHome, both(1, 1), false),
        (both(1, 1), Found::NoHome, both(2, 1), true),
        (both(1, 1), Found::NoHome, both(1, 2), true),
        (both(2, 2), Found::Floors(both(2, 2)), both(2, 2), false),
        (both(2, 2), Found::Floors(both(2, 1)), both(2, 2), true),
        (both(2, 2), Found::Floors(both(0, 0)), both(2, 2), true),
    ] {
        assert_eq!(
            may_rise(state, second, running),
            worth_it,
            "{state:?} {second:?}"
        );
    }
}

#[test]
fn homes_that_disagree_are_told_apart_from_homes_that_may() {
    let told = |state: Floors, second: Floors| {
        Some(Event::FloorsDisagreed {
            state_epoch: state.epoch,
            variable_epoch: second.epoch,
            state_serial: state.serial,
            variable_serial: second.serial,
        })
    };
    for state in NUMBERS {
        for second in NUMBERS {
            let (state, second) = (both(state, 2), both(second, 2));
            let found = Found::Floors(second);
            let fell_back = second.exceed(state);
            // A state ahead of the second home is what a power cut between the two leaves.
            assert_eq!(
                state_fell_back(state, found),
                told(state, second).filter(|_| fell_back)
            );
            assert_eq!(second_home_forgot(state, found, BootNumber(9)), None);
        }
        let state = both(state, 2);
        for empty in [Found::NoHome, Found::Nothing] {
            assert_eq!(state_fell_back(state, empty), None);
        }
        let forgot = |found, boot| second_home_forgot(state, found, BootNumber(boot));
        assert_eq!(forgot(Found::Nothing, 1), None);
        assert_eq!(forgot(Found::Nothing, 2), told(state, Floors::default()));
        assert_eq!(forgot(Found::NoHome, 2), None);
    }
    let nothing = Floors::default();
    assert_eq!(
        second_home_forgot(nothing, Found::Nothing, BootNumber(2)),
        None
    );
}

#[test]
fn a_state_is_overruled_only_by_a_witness_and_for_a_refusal_by_a_floor() {
    let (epoch, floor) = (Epoch(2), Epoch(4));
    let below = Refusal::EpochBelowFloor { epoch, floor };
    let (serial, floor) = (Serial(2), Serial(4));
    let revoked = Refusal::SerialBelowFloor { serial, floor };
    let witness = Found::Floors(both(2, 2));
    for (state, found, refusal, overruled) in [
        (both(4, 2), witness, &below, true),
        (both(2, 4), witness, &revoked, true),
        (both(4, 2), witness, &Refusal::Empty, false),
        (both(2, 2), witness, &below, false),
        (both(4, 2), Found::NoHome, &below, false),
        (both(4, 2), Found::Nothing, &below, false),
        (both(4, 2), Found::Floors(Floors::default()), &below, false),
    ] {
        let refusals = [&Refusal::Empty, refusal];
        let event = state_overreaches(state, found, refusals.into_iter());
        assert_eq!(
            event.is_some(),
            overruled,
            "{state:?} {found:?} {refusal:?}"
        );
    }
}
