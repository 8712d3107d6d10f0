//! What holds in every state that a device can come to.

use crate::device::{Device, Image, Phase};
use crate::model::{Action, Twinkeel, apply};
use image_format::{Slot, SlotStatus, Source};

/// Boots without a further fault within which a device is where it should be: the
/// attempts of a trial, then twice the boots that a slot has without coming up, each with
/// a turn of the rescue system, and the boots that show that it stays.
pub(crate) const MOST_BOOTS: usize = 3 + 2 * (5 + 1) + 2;
/// Starts on trial that an image has: those of a release, which are those of a rebuilt
/// state and of a rollback, too.
const ATTEMPTS: u8 = 3;

type Promise = fn(&Twinkeel, &Device) -> bool;

/// Each by its name.
pub(crate) const ALL: [(&str, Promise); 5] = [
    ("what runs verifies and is above the floors", |_, device| {
        runs_what_verifies(device)
    }),
    ("confirmed only after health", |_, device| {
        confirmed_only_after_health(device)
    }),
    ("no verified fallback is lost", |_, device| {
        nothing_verified_is_lost(device)
    }),
    ("attempts are bounded", |_, device| {
        attempts_are_bounded(device)
    }),
    (
        "it ends on a system that stays up, or shows rescue",
        |_, device| ends_well(device.clone()),
    ),
];

fn runs_what_verifies(device: &Device) -> bool {
    let (Some(slot), Some(saved)) = (device.running_slot(), &device.state) else {
        return true;
    };
    // Floors that rose as it started are the lower ones of both slots.
    device.image(slot).verifies(saved.0.floors)
}

fn confirmed_only_after_health(device: &Device) -> bool {
    let Some(saved) = &device.state else {
        return true;
    };
    Slot::ALL.into_iter().all(|slot| {
        let (record, image) = (saved.0.slot(slot), device.image(slot));
        let is_confirmed =
            record.status == SlotStatus::Confirmed && record.manifest_hash == image.manifest_hash();
        !is_confirmed || image.healthy
    })
}

fn nothing_verified_is_lost(device: &Device) -> bool {
    let Some(saved) = &device.state else {
        return true;
    };
    let kept = |slot: Slot| {
        let (status, image) = (saved.0.slot(slot).status, device.image(slot));
        let lost = matches!(status, SlotStatus::Empty | SlotStatus::Refused)
            || saved.0.floors.exceed(image.numbers());
        !(image.is_good() && lost)
    };
    Slot::ALL.into_iter().all(kept)
}

fn attempts_are_bounded(device: &Device) -> bool {
    let most = ATTEMPTS + device.lost;
    device.slots.iter().all(|image| image.trial_starts <= most)
}

/// Bounded liveness: what happens from here on if nothing goes wrong any more. What runs is
/// switched off sooner or later, so it is enough to look at devices that are off.
fn ends_well(mut device: Device) -> bool {
    if device.phase != Phase::Off {
        return true;
    }
    let good = |image: &Image| image.is_good();
    let has_good = device.slots.iter().any(good);
    let mut last = None;
    for _ in 0..MOST_BOOTS {
        if apply(&mut device, Action::Boot).is_none() {
            return false;
        }
        let Phase::Runs { source, .. } = device.phase else {
            return false;
        };
        match source {
            Source::Rescue if !has_good => return true,
            Source::Rescue => {}
            Source::Slot(slot) => {
                let stays_up = run(&mut device, slot);
                if stays_up && last == Some(source) {
                    return true;
                }
            }
        }
        last = Some(source);
        device.phase = Phase::Off;
    }
    false
}

/// What the system does by itself; an act that is refused is a line of its log. Returns
/// whether it stays up: one that fails its gate resets only if it is on trial, and one with
/// a damaged root only if there is another slot.
fn run(device: &mut Device, slot: Slot) -> bool {
    let image = *device.image(slot);
    if image.hangs() {
        return false;
    }
    let _ = apply(device, Action::MarkUp);
    if image.damaged {
        let _ = apply(device, Action::FindDamage);
    }
    if image.passes_its_gate() {
        let _ = apply(device, Action::Confirm);
    }
    let status = device.state.as_ref().map(|saved| saved.0.slot(slot).status);
    let resets = matches!(status, Some(SlotStatus::Trial { .. } | SlotStatus::Refused));
    !resets
}
