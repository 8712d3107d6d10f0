//! The floors over the life of a device: they rise after a confirm, in both homes, and
//! one home makes up for what the other lost.

mod device;

use boot_core::SecondHome;
use device::{Device, FLOORS, Image, Request};
use image_format::disk::{Role, STATE_COPY_OFFSETS};
use image_format::*;

fn image(version: u64, epoch: u32, serial: u32) -> Image {
    Image {
        epoch,
        serial,
        ..Image::new(version)
    }
}

fn floors(epoch: u32, serial: u32) -> Floors {
    Floors {
        epoch: Epoch(epoch),
        serial: Serial(serial),
    }
}

fn holds(floors: Floors) -> SecondHome {
    SecondHome::Record(floors.encode())
}

/// Two releases of epoch 2 under delegation 3, confirmed, on a device that was made with
/// epoch 1 and whose second home knows as much.
fn device() -> Device {
    let mut device = Device::new(&image(3, 2, 3), &image(2, 2, 3));
    device.second_home.holds = holds(FLOORS);
    device
}

fn raised(Floors { epoch, serial }: Floors) -> Event {
    Event::FloorsRaised { epoch, serial }
}

fn disagreed(state: Floors, second: Floors) -> Event {
    Event::FloorsDisagreed {
        state_epoch: state.epoch,
        variable_epoch: second.epoch,
        state_serial: state.serial,
        variable_serial: second.serial,
    }
}

fn reads_of(device: &mut Device, role: Role) -> usize {
    let start = device.partition(role).offset_bytes;
    let reads = device.disk.log.iter();
    reads.filter(|r| **r == Request::Read(start)).count()
}

fn writes(device: &Device) -> usize {
    let is_write = |r: &&Request| matches!(r, Request::Write(_));
    device.disk.log.iter().filter(is_write).count()
}

fn lose_the_state(device: &mut Device) {
    for offset in STATE_COPY_OFFSETS {
        device.at(Role::BootState, offset)[..512].fill(0);
    }
}

#[test]
fn the_floors_rise_once_in_both_homes_and_are_quiet_from_then_on() {
    let mut device = device();
    assert_eq!(device.boot().started().slot(), "system-a");
    assert_eq!(device.state().floors, floors(2, 3));
    assert_eq!(device.second_home.writes, [floors(2, 3)]);
    assert_eq!(device.events(), [raised(floors(2, 3))]);
    for _ in 0..3 {
        device.confirm(Slot::A);
        device.boot().started();
        // One sector, and not a byte of the other slot.
        assert_eq!(writes(&device), 1);
        assert_eq!(reads_of(&mut device, Role::SystemB), 0);
    }
    assert_eq!(device.second_home.writes.len(), 1);
    assert_eq!(device.events().len(), 1);
}

#[test]
fn an_older_release_is_refused_once_the_floors_rose() {
    let mut device = device();
    device.boot().started();
    device.install(Slot::A, &image(1, 1, 1));
    assert_eq!(device.boot().started().slot(), "system-b");
    let refusal = Refusal::SerialBelowFloor {
        serial: Serial(1),
        floor: Serial(3),
    };
    let refused = Event::Refused {
        source: Source::Slot(Slot::A),
        version: None,
        refusal,
    };
    assert!(device.events().contains(&refused));
}

#[test]
fn a_board_without_a_second_home_raises_the_one_that_it_has() {
    let mut device = device();
    device.second_home.holds = SecondHome::None;
    device.boot().started();
    assert_eq!(device.state().floors, floors(2, 3));
    assert_eq!(device.second_home.writes, []);
}

#[test]
fn the_fallback_is_never_put_out() {
    for (a, b) in [((4, 3), (2, 3)), ((4, 3), (2, 1)), ((2, 1), (3, 3))] {
        let mut device = Device::new(&image(3, a.0, a.1), &image(2, b.0, b.1));
        device.boot().started();
        let lower = floors(a.0.min(b.0), a.1.min(b.1));
        assert_eq!(device.state().floors, lower);
        device.at(Role::SystemA, 64 * 1024)[0] ^= 1;
        assert_eq!(device.boot().started().slot(), "system-b");
    }
}

/// Boots `device`, which must not raise anything.
fn assert_nothing_rises(mut device: Device) {
    device.boot().started();
    assert_eq!(device.state().floors, FLOORS);
    assert_eq!(device.second_home.holds, holds(FLOORS));
    let raised = |event: &Event| matches!(event, Event::FloorsRaised { .. });
    assert!(!device.events().iter().any(raised));
}

#[test]
fn a_trial_raises_nothing() {
    let mut device = device();
    device.change_state(|state| {
        state.slot_mut(Slot::A).status = SlotStatus::Trial {
            attempts_left: 3,
            attempts_given: 3,
        };
    });
    assert_nothing_rises(device);
}

#[test]
fn an_image_that_is_not_the_confirmed_one_raises_nothing() {
    let mut device = device();
    device.change_state(|state| state.slot_mut(Slot::A).manifest_hash = Digest([9; 32]));
    assert_nothing_rises(device);
}

#[test]
fn a_single_verified_slot_raises_nothing() {
    let mut device = device();
    device.at(Role::SystemB, 0)[20] ^= 1;
    assert_nothing_rises(device);
}

#[test]
fn an_other_slot_below_the_floor_raises_nothing() {
    let mut device = device();
    device.install(Slot::B, &image(1, 0, 3));
    assert_nothing_rises(device);
}

#[test]
fn a_boot_that_cannot_be_counted_raises_nothing() {
    let mut device = device();
    let state = device.partition(Role::BootState).offset_bytes;
    device.disk.broken = state + STATE_COPY_OFFSETS[1]..state + STATE_COPY_OFFSETS[1] + 4096;
    device.boot().started();
    device.disk.broken = 0..0;
    assert_eq!(device.state().floors, FLOORS);
    assert_eq!(device.second_home.writes, []);
    let lost = |event: &Event| matches!(event, Event::StateCopyLost { .. });
    assert!(device.events().iter().all(lost));
}

/// What hung there once would hang at every boot, and the running slot is fine.
#[test]
fn the_other_slot_is_left_alone_after_a_boot_that_did_not_come_up() {
    let mut device = device();
    device.change_state(|state| state.begun_without_up = 1);
    assert_nothing_rises(device.clone());
    device.boot().started();
    assert_eq!(reads_of(&mut device, Role::SystemB), 0);
}

#[test]
fn a_lost_state_keeps_the_floor_through_the_second_home() {
    let mut device = device();
    device.boot().started();
    lose_the_state(&mut device);
    device.install(Slot::A, &image(9, 1, 3));
    // The higher version would be the trial; it is not even a candidate.
    assert_eq!(device.boot().started().slot(), "system-b");
    assert_eq!(device.state().floors, floors(2, 3));
    let events = device.events();
    assert!(events.contains(&Event::StateRebuilt { trial: None }));
    assert!(events.contains(&disagreed(Floors::default(), floors(2, 3))));
}

#[test]
fn a_state_put_back_to_an_older_one_does_not_lower_the_floor() {
    let mut device = device();
    let older = device.state();
    device.boot().started();
    device.set_state(&older);
    device.install(Slot::A, &image(1, 1, 1));
    assert_eq!(device.boot().started().slot(), "system-b");
    assert_eq!(device.state().floors, floors(2, 3));
    let told = disagreed(FLOORS, floors(2, 3));
    device.boot().started();
    let times = device.events().into_iter().filter(|e| *e == told).count();
    assert_eq!(times, 1);
}

#[test]
fn a_new_device_fills_its_second_home_without_a_word() {
    let mut device = Device::new(&Image::new(2), &Image::new(1));
    device.second_home.holds = SecondHome::Absent;
    device.boot().started();
    assert_eq!(device.second_home.writes, [Floors::default(), FLOORS]);
    assert_eq!(device.events(), []);
}

#[test]
fn a_second_home_that_forgot_is_told_once_and_learns_from_the_slots_alone() {
    for forgot in [
        SecondHome::Absent,
        SecondHome::Unreadable,
        SecondHome::Record([0xff; FLOORS_BYTES]),
    ] {
        let mut device = device();
        device.boot().started();
        // More than any slot bears witness to, and still let through by one of them.
        device.install(Slot::A, &image(3, 4, 3));
        device.change_state(|state| {
            state.floors = floors(3, 3);
            state.slot_mut(Slot::A).manifest_hash = image(3, 4, 3).manifest_hash();
        });
        device.confirm(Slot::A);
        device.second_home.holds = forgot;
        device.boot().started();
        // The other slot is below the floor: nothing is known of two slots.
        assert_eq!(device.second_home.holds, holds(Floors::default()));
        let told = disagreed(floors(3, 3), Floors::default());
        assert_eq!(device.events().last(), Some(&told));
        device.install(Slot::B, &image(4, 3, 4));
        device.confirm(Slot::A);
        device.boot().started();
        assert_eq!(device.second_home.holds, holds(floors(3, 3)));
        assert_eq!(device.events().last(), Some(&told));
        assert_eq!(device.events().len(), 2);
    }
}

#[test]
fn a_second_home_that_cannot_be_written_stops_nothing_and_is_no_news() {
    let mut device = device();
    device.second_home.is_full = true;
    device.second_home.holds = SecondHome::Absent;
    for _ in 0..3 {
        assert_eq!(device.boot().started().slot(), "system-a");
        device.confirm(Slot::A);
    }
    assert_eq!(device.state().floors, floors(2, 3));
    assert_eq!(device.events(), [raised(floors(2, 3))]);
}

#[test]
fn an_absurd_floor_in_the_state_neither_bricks_the_device_nor_gets_any_further() {
    for absurd in [floors(u32::MAX, 3), floors(2, u32::MAX)] {
        let mut device = device();
        device.boot().started();
        device.confirm(Slot::A);
        device.change_state(|state| state.floors = absurd);
        assert_eq!(device.boot().started().slot(), "system-a");
        assert_eq!(device.state().floors, floors(2, 3));
        assert_eq!(device.second_home.writes, [floors(2, 3)]);
        assert!(device.events().contains(&disagreed(absurd, floors(2, 3))));
        // What the second home holds is a floor all the same.
        device.install(Slot::A, &image(1, 1, 3));
        device.change_state(|state| state.floors = absurd);
        assert_eq!(device.boot().started().slot(), "system-b");
    }
}

#[test]
fn an_absurd_floor_without_a_second_home_fails_closed() {
    let mut device = device();
    device.second_home.holds = SecondHome::None;
    device.change_state(|state| state.floors = floors(u32::MAX, 3));
    device.boot().halted();
    assert_eq!(device.state().floors, floors(u32::MAX, 3));
}

#[test]
fn the_rescue_system_is_held_to_the_floors_too() {
    let mut device = device();
    device.install(Source::Rescue, &Image::rescue(1));
    for slot in [Role::SystemA, Role::SystemB] {
        device.at(slot, 64 * 1024)[0] ^= 1;
    }
    assert_eq!(device.clone().boot().started().slot(), "rescue");
    device.second_home.holds = holds(floors(2, 3));
    device.boot().halted();
}
