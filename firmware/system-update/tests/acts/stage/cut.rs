//! The power goes away at every write of staging, and the loader boots what is left.

use super::{Device, TRIAL, release_6, running_release};
use crate::loader::{Started, boot_once};
use crate::memory_disk::{Fault, Torn};
use image_format::{ENVELOPE_BYTES, Slot, SlotRecord};

/// Stages a release, and loses the power at each write in turn, in three ways. Calls
/// `check` with what happened, and with the device when the power is back.
fn for_each_cut(mut check: impl FnMut(&str, Device)) {
    for writes_left in 0.. {
        for torn in [Torn::Nothing, Torn::Half, Torn::All] {
            let mut device = Device::new();
            device.disk.fault = Fault::Cut { writes_left, torn };
            let result = device.stage(&release_6().file);
            if !matches!(device.disk.fault, Fault::Off) {
                return;
            }
            device.disk.power_on();
            let cut = format!("write {writes_left}, {torn:?} of it: {result:?}");
            check(&cut, device);
        }
    }
}

#[test]
fn whatever_is_left_boots_whole_and_the_release_can_be_staged_again() {
    let (old, new) = (running_release(), release_6());
    let (mut as_before, mut on_trial) = (0, 0);
    for_each_cut(|cut, mut rebooted| {
        let before = rebooted.disk.state().slot(Slot::B).status;
        let started = boot_once(&mut rebooted.disk);
        if before == TRIAL {
            on_trial += 1;
            let whole = &rebooted.disk.slot_mut(Slot::B)[..new.slot.len()];
            assert!(whole == new.slot, "{cut}");
            let slot = "system-b".into();
            let kernel = new.kernel.clone();
            assert_eq!(started, Started { slot, kernel }, "{cut}");
        } else {
            as_before += 1;
            let slot = "system-a".into();
            let kernel = old.kernel.clone();
            assert_eq!(started, Started { slot, kernel }, "{cut}");
            // The next boot stages it after all.
            let mut again = rebooted;
            again.running.boot_number = again.disk.state().boot_number;
            again.stage(&new.file).unwrap();
            assert_eq!(boot_once(&mut again.disk).kernel, new.kernel, "{cut}");
        }
    });
    // Torn or not, the state that arms is the write before the last one.
    assert_eq!((as_before, on_trial), (3 * 12 + 2, 1 + 3));
}

#[test]
fn the_state_changes_before_the_envelope_and_the_envelope_before_the_parts() {
    let old = Device::new().disk.slot_mut(Slot::B).to_vec();
    let (mut with_envelope, mut with_parts) = (0, 0);
    for_each_cut(|cut, mut device| {
        let record = *device.disk.state().slot(Slot::B);
        let slot = device.disk.slot_mut(Slot::B);
        let envelope_changed = slot[..ENVELOPE_BYTES] != old[..ENVELOPE_BYTES];
        if envelope_changed {
            with_envelope += 1;
            let disarmed = record == SlotRecord::EMPTY || record.status == TRIAL;
            assert!(disarmed, "{cut}: {record:?}");
        }
        if slot[ENVELOPE_BYTES..] != old[ENVELOPE_BYTES..] {
            with_parts += 1;
            assert!(envelope_changed, "{cut}");
        }
    });
    // All but the cuts at the first two writes, and those that leave nothing of the third,
    // or of the fourth.
    assert_eq!((with_envelope, with_parts), (3 * 12 - 1, 3 * 11 - 1));
}

#[test]
fn a_lost_boot_state_in_the_middle_of_staging_is_rebuilt_around_the_running_slot() {
    let new = release_6();
    for_each_cut(|cut, mut device| {
        let slot = &device.disk.slot_mut(Slot::B)[..new.slot.len()];
        // One that was read back and lacks nothing but the trial gets it.
        let next = if *slot == new.slot {
            &new
        } else {
            &running_release()
        };
        device.disk.lose_state();
        assert_eq!(boot_once(&mut device.disk).kernel, next.kernel, "{cut}");
    });
}
