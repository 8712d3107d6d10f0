//! The power goes away at every write of a boot, in each of four ways; the next
//! boot must start what the story says.

mod device;

use device::{Device, Image, Outcome, Torn};
use image_format::*;

const TORN: [Torn; 4] = [Torn::Before, Torn::Half, Torn::Garbage, Torn::After];

/// Cuts the power at each write of the boot that `prepare` leads up to, and gives
/// each device that results, switched off.
fn for_each_cut(prepare: impl Fn() -> Device, mut check: impl FnMut(Device)) -> usize {
    let mut cuts = 0;
    for torn in TORN {
        for write in 0.. {
            let mut device = prepare();
            device.disk.cut = Some((write, torn));
            match device.boot() {
                Outcome::PowerCut => check(device),
                Outcome::Started(_) | Outcome::Halted(_) => break,
            }
            cuts += 1;
        }
    }
    cuts
}

fn trial(attempts: u8) -> Device {
    let mut device = Device::new(&Image::new(1), &Image::new(2));
    device.change_state(|state| {
        state.slot_mut(Slot::B).status = SlotStatus::Trial {
            attempts_left: attempts,
            attempts_given: attempts,
        };
    });
    device
}

#[test]
fn a_cut_during_a_routine_boot_leaves_the_confirmed_slot() {
    let prepare = || Device::new(&Image::new(2), &Image::new(1));
    let cuts = for_each_cut(prepare, |mut device| {
        assert_eq!(device.boot().started().slot(), "system-a");
        assert_eq!(device.state().slot(Slot::A).status, SlotStatus::Confirmed);
    });
    assert_eq!(cuts, TORN.len());
}

#[test]
fn a_cut_during_a_trial_never_gives_it_more_attempts() {
    for attempts in 1..=3 {
        let cuts = for_each_cut(
            || trial(attempts),
            |mut device| {
                let boots = (0..).take_while(|_| device.boot().started().slot() == "system-b");
                assert!(boots.count() <= usize::from(attempts));
                assert_eq!(device.boot().started().slot(), "system-a");
                assert_eq!(device.state().slot(Slot::A).status, SlotStatus::Confirmed);
            },
        );
        // The event and the state, each torn in four ways.
        assert_eq!(cuts, 2 * TORN.len());
    }
}

#[test]
fn a_cut_while_falling_back_still_falls_back() {
    let prepare = || {
        let mut device = trial(1);
        device.boot();
        device
    };
    let cuts = for_each_cut(prepare, |mut device| {
        assert_eq!(device.boot().started().slot(), "system-a");
        let given = 1;
        let events = device.events();
        assert!(events.contains(&Event::AttemptsExhausted {
            slot: Slot::B,
            given
        }));
    });
    assert!(cuts > 2 * TORN.len());
}

#[test]
fn a_cut_while_a_lost_state_is_rebuilt_rebuilds_it() {
    let prepare = || {
        let mut device = Device::new(&Image::new(1), &Image::new(2));
        for offset in image_format::disk::STATE_COPY_OFFSETS {
            device.at(image_format::disk::Role::BootState, offset)[..512].fill(0);
        }
        device
    };
    let cuts = for_each_cut(prepare, |mut device| {
        assert_eq!(device.boot().started().slot(), "system-b");
        assert_eq!(device.state().floors, Floors::default());
    });
    assert!(cuts > 4 * TORN.len());
}

#[test]
fn a_second_cut_in_the_recovery_from_the_first_changes_nothing() {
    let prepare = || {
        let mut device = trial(1);
        device.boot();
        device
    };
    for_each_cut(prepare, |cut_once| {
        for_each_cut(
            || cut_once.clone(),
            |mut device| assert_eq!(device.boot().started().slot(), "system-a"),
        );
    });
}
