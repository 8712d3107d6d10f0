//! What a boot records about the boots before it.

mod device;

use device::{Device, Image, Outcome, Torn};
use image_format::flight::text;
use image_format::*;

const A: Source = Source::Slot(Slot::A);
const B: Source = Source::Slot(Slot::B);

fn device() -> Device {
    Device::new(&Image::new(2), &Image::new(1))
}

#[test]
fn a_trial_that_never_comes_up_uses_its_attempts_and_falls_back() {
    let mut device = device();
    device.put_on_trial(Slot::B, 2);
    let mut slots = Vec::new();
    for cause in [
        ResetCause::PowerLoss,
        ResetCause::Watchdog,
        ResetCause::Reset,
    ] {
        device.reset_cause = cause;
        slots.push(device.boot().started().slot().to_owned());
    }
    assert_eq!(slots, ["system-b", "system-b", "system-a"]);
    let began = |attempt| Event::TrialBegun {
        slot: Slot::B,
        attempt,
        given: 2,
    };
    let ended = |cause| Event::EndedSilently { cause };
    let exhausted = Event::AttemptsExhausted {
        slot: Slot::B,
        given: 2,
    };
    let fell_back = Event::FellBack {
        from: Slot::B,
        to: A,
    };
    let told: Vec<_> = device
        .entries()
        .into_iter()
        .map(|entry| (entry.boot_number.0, entry.event))
        .collect();
    assert_eq!(
        told,
        [
            (1, began(1)),
            (1, ended(ResetCause::Watchdog)),
            (2, began(2)),
            (2, ended(ResetCause::Reset)),
            (3, exhausted),
            (3, fell_back),
        ]
    );
}

#[test]
fn an_attempt_that_told_its_end_is_not_said_to_have_been_silent() {
    let mut device = device();
    device.put_on_trial(Slot::B, 2);
    device.boot().started();
    let failed = Event::CheckFailed {
        slot: Slot::B,
        check: text("shell"),
        detail: text("it does not run"),
    };
    device.record(failed.clone());
    device.boot().started();
    assert_eq!(device.events()[1], failed);
    assert!(matches!(device.events()[2], Event::TrialBegun { .. }));
}

#[test]
fn a_power_cut_while_the_silent_end_is_recorded_records_it_once() {
    let mut device = device();
    device.put_on_trial(Slot::B, 3);
    device.boot().started();
    // The entry is on the disk, the state that counts the boot is not.
    device.disk.cut = Some((1, Torn::Before));
    assert!(matches!(device.boot(), Outcome::PowerCut));
    device.boot().started();
    let silent = device
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::EndedSilently { .. }));
    assert_eq!(silent.count(), 1);
}

#[test]
fn five_boots_begun_without_one_up_cost_the_confirmation() {
    let mut device = device();
    let slots: Vec<_> = (0..6)
        .map(|_| device.boot().started().slot().to_owned())
        .collect();
    assert_eq!(slots[..5], ["system-a"; 5]);
    assert_eq!(slots[5], "system-b");
    let lost = Event::ConfirmationLost {
        slot: Slot::A,
        boots: 5,
    };
    let fell_back = Event::FellBack {
        from: Slot::A,
        to: B,
    };
    let ended = || Event::EndedSilently {
        cause: ResetCause::PowerLoss,
    };
    let told = [ended(), ended(), ended(), ended(), ended(), lost, fell_back];
    assert_eq!(device.events(), told);
}
