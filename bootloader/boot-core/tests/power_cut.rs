//! The power goes away at every write of a boot, in each of four ways; the next
//! boot must start what the story says.

mod device;

use boot_core::SecondHome;
use device::{Device, FLOORS, Image, Outcome, Torn};
use image_format::disk::Role;
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
fn a_cut_on_the_way_to_the_rescue_system_leads_there_and_loses_no_reason() {
    let prepare = || {
        let mut device = Device::new(&Image::new(2), &Image::new(1));
        device.install(Source::Rescue, &Image::rescue(9));
        for slot in Slot::ALL {
            device.at(slot.into(), 64 * 1024)[0] ^= 1;
        }
        device
    };
    let cuts = for_each_cut(prepare, |mut device| {
        assert_eq!(device.boot().started().slot(), "rescue");
        for slot in Slot::ALL {
            let told = |event: &Event| matches!(event, Event::Refused { source: Source::Slot(of), .. } if *of == slot);
            assert!(device.events().iter().any(told), "{slot}");
        }
    });
    // Three times the state, two refusals, two fall backs.
    assert_eq!(cuts, 7 * TORN.len());
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

/// Two releases of epoch 2 on a device whose homes know of epoch 1.
fn about_to_raise(second_home: SecondHome) -> Device {
    let image = |version| Image {
        epoch: 2,
        ..Image::new(version)
    };
    let mut device = Device::new(&image(2), &image(1));
    device.second_home.holds = second_home;
    device
}

#[test]
fn a_cut_around_a_rise_leaves_both_slots_bootable_and_the_floors_rise_after_all() {
    let risen = Floors {
        epoch: Epoch(2),
        ..FLOORS
    };
    for (second_home, writes) in [
        (SecondHome::None, 3),
        (SecondHome::Record(FLOORS.encode()), 4),
        (SecondHome::Absent, 5),
        (SecondHome::Unreadable, 5),
    ] {
        let cuts = for_each_cut(
            || about_to_raise(second_home),
            |mut device| {
                let mut fallback = device.clone();
                fallback.at(Role::SystemA, 64 * 1024)[0] ^= 1;
                assert_eq!(fallback.boot().started().slot(), "system-b");
                for _ in 0..2 {
                    assert_eq!(device.boot().started().slot(), "system-a");
                    device.confirm(Slot::A);
                }
                assert_eq!(device.state().floors, risen);
                if second_home != SecondHome::None {
                    let kept = SecondHome::Record(risen.encode());
                    assert_eq!(device.second_home.holds, kept);
                }
            },
        );
        // *Begun*, an event, the state, and what the second home takes.
        assert_eq!(cuts, writes * TORN.len(), "{second_home:?}");
    }
}

#[test]
fn a_cut_around_a_rise_is_not_told_as_a_disagreement() {
    let prepare = || about_to_raise(SecondHome::Record(FLOORS.encode()));
    for_each_cut(prepare, |mut device| {
        // A record that is lost in the writing is one that was forgotten.
        let forgot = !matches!(device.second_home.holds, SecondHome::Record(_));
        device.boot().started();
        let disagreed = |event: &Event| matches!(event, Event::FloorsDisagreed { .. });
        assert_eq!(device.events().iter().any(disagreed), forgot);
    });
}
