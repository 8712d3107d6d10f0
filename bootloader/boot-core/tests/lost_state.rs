//! A boot whose state is damaged or gone.

mod device;

use device::{Device, Image};
use image_format::disk::{Role, STATE_COPY_OFFSETS};
use image_format::*;

fn device() -> Device {
    Device::new(&Image::new(2), &Image::new(1))
}

#[test]
fn one_lost_copy_of_the_state_changes_nothing_and_is_on_record() {
    for copy in [0, 1] {
        let mut device = device();
        device.at(Role::BootState, STATE_COPY_OFFSETS[copy])[..512].fill(0);
        assert_eq!(device.boot().started().slot(), "system-a");
        let copy = u8::try_from(copy).unwrap();
        let lost = Event::StateCopyLost {
            copy,
            error: StateError::Magic,
        };
        assert_eq!(device.events(), [lost]);
        assert_eq!(device.entries()[0].boot_number, BootNumber(1));
        // The boot's own write repaired it.
        device.confirm(Slot::A);
        device.boot();
        assert_eq!(device.events().len(), 1);
    }
}

fn lose_the_state(device: &mut Device) {
    for offset in STATE_COPY_OFFSETS {
        device.at(Role::BootState, offset)[..512].fill(0xff);
    }
}

#[test]
fn a_lost_state_is_rebuilt_with_the_higher_version_on_trial() {
    for (a, b, expected) in [(2, 1, Slot::A), (1, 2, Slot::B), (1, 1, Slot::A)] {
        let mut device = Device::new(&Image::new(a), &Image::new(b));
        device.boot();
        lose_the_state(&mut device);
        for _ in 0..3 {
            assert_eq!(device.boot().started().slot(), expected.name());
        }
        // It never came up, so the other one is its fallback.
        assert_eq!(device.boot().started().slot(), expected.other().name());
        assert!(device.events().contains(&Event::StateRebuilt {
            trial: Some(expected)
        }));
    }
}

#[test]
fn a_lost_state_does_not_start_the_flight_record_anew() {
    let mut device = device();
    device.put_on_trial(Slot::B, 1);
    device.boot();
    device.boot();
    let before = device.events();
    assert_eq!(before.len(), 4);
    lose_the_state(&mut device);
    device.boot();
    assert_eq!(device.events()[..4], before);
    // Boot numbers go on behind the highest on record.
    assert_eq!(device.state().boot_number, BootNumber(3));
}

#[test]
fn a_lost_state_with_one_good_slot_boots_it() {
    let mut device = device();
    device.flip(20);
    lose_the_state(&mut device);
    assert_eq!(device.boot().started().slot(), "system-b");
    assert!(
        device
            .events()
            .contains(&Event::StateRebuilt { trial: None })
    );
    assert_eq!(device.state().slot(Slot::B).status, SlotStatus::Installed);
}

#[test]
fn a_dead_boot_state_partition_does_not_keep_a_good_slot_from_booting() {
    let mut device = device();
    let state = device.partition(Role::BootState);
    device.disk.broken = state.offset_bytes..state.offset_bytes + state.length_bytes;
    // The higher version would be a trial, which needs its attempt recorded.
    assert_eq!(device.boot().started().slot(), "system-b");
}
