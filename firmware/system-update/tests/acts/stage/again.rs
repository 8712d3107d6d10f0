//! The disk fails once, at each write, each flush and each read: whatever the update makes of
//! it, the running system boots or the new one does, whole; and the next update succeeds.

use super::{Device, release_6, running_release};
use crate::loader::boot_once;
use crate::memory_disk::Fault;
use image_format::Slot;

/// Stages the release under that fault; `None` when staging is over before it happens.
fn stage_once(fault: Fault) -> Option<(bool, Device)> {
    let mut device = Device::new();
    device.disk.fault = fault;
    let is_staged = device.stage(&release_6().file).is_ok();
    let happened = matches!(device.disk.fault, Fault::None);
    device.disk.power_on();
    happened.then_some((is_staged, device))
}

/// What boots is whole, and is the new system if the update said so.
fn require_boots(device: &Device, is_staged: bool, what: &str) {
    let (old, new) = (running_release(), release_6());
    let mut device = device.clone();
    let started = boot_once(&mut device.disk);
    if started.slot == "system-b" {
        assert!(started.kernel == new.kernel, "{what}");
        let slot = &device.disk.slot_mut(Slot::B)[..new.slot.len()];
        assert!(slot == new.slot, "{what}");
    } else {
        assert!(started.kernel == old.kernel && !is_staged, "{what}");
    }
}

fn for_each(fault: fn(usize) -> Fault) -> usize {
    for number in 0.. {
        let what = format!("{:?}", fault(number));
        let Some((is_staged, mut device)) = stage_once(fault(number)) else {
            return number;
        };
        require_boots(&device, is_staged, &what);
        let again = device.stage(&release_6().file);
        assert!(again.is_ok(), "{what}, again: {again:?}");
        require_boots(&device, true, &what);
    }
    unreachable!("staging does not end")
}

#[test]
fn after_a_failed_flush_what_was_to_be_flushed_is_written_again() {
    // State, entry, envelope; the parts; envelope, state, entry.
    assert_eq!(for_each(Fault::FlushLoses), 7);
}

#[test]
fn after_a_full_disk_or_a_failed_write_the_next_update_succeeds() {
    assert_eq!(for_each(Fault::Write), 3 + 8 + 3);
}

#[test]
fn after_a_failed_read_the_next_update_succeeds() {
    assert!(for_each(Fault::Read) > 20);
}
