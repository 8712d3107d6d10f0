//! A boot without bytes: the turns of `boot_core::boot` over its own pure functions, with
//! what an image is in the place of reading it. Each save is a moment at which the power
//! may go away.

use crate::device::{Device, Image, Saved};
use boot_core::choice::{self, Excluded, MAX_TURNS, SlotImage};
use boot_core::floors::{self, Found};
use image_format::{BootNumber, BootState, Slot, SlotStatus, Source};

/// What a boot did.
pub(crate) struct Boot {
    /// The states that it saved, in order.
    pub(crate) saves: Vec<BootState>,
    /// What it started.
    pub(crate) started: Option<Source>,
    /// The state was lost and made anew.
    pub(crate) rebuilt: bool,
}

pub(crate) fn boot(device: &Device) -> Boot {
    let rebuilt = device.state.is_none();
    let mut state = match &device.state {
        Some(Saved(state)) => begun(state.clone()),
        None => rebuilt_state(device),
    };
    choice::settle(&mut state);
    let mut excluded = Excluded::default();
    let mut saves = Vec::new();
    for _ in 0..MAX_TURNS {
        let Some(source) = choice::choose(&state, excluded) else {
            break;
        };
        choice::begin(&mut state, source);
        saves.push(state.clone());
        if verifies(device, &state, source) {
            if raise_floors(device, &mut state, source) {
                saves.push(state);
            }
            return Boot {
                saves,
                started: Some(source),
                rebuilt,
            };
        }
        state.begun_without_up = 0;
        if let Source::Slot(slot) = source {
            choice::refuse(&mut state, slot);
        }
        excluded.add(source);
    }
    saves.push(state);
    Boot {
        saves,
        started: None,
        rebuilt,
    }
}

/// Boots are told apart from their neighbours, and not numbered: there is no end of them.
fn begun(mut state: BootState) -> BootState {
    state.boot_number = BootNumber(1 - state.boot_number.0);
    state
}

fn rebuilt_state(device: &Device) -> BootState {
    let image = |slot: Slot| {
        let image = device.image(slot);
        let found = SlotImage {
            version: image.version(),
            manifest_hash: image.manifest_hash(),
        };
        image.envelope_verifies(Default::default()).then_some(found)
    };
    let mut state = choice::rebuild(image(Slot::A), image(Slot::B), BootNumber(0), 0);
    state.generation = 0;
    state
}

/// The rescue system always does.
fn verifies(device: &Device, state: &BootState, source: Source) -> bool {
    match source {
        Source::Slot(slot) => device.image(slot).verifies(state.floors),
        Source::Rescue => true,
    }
}

/// As `boot_core::boot` does with one home of the floors.
fn raise_floors(device: &Device, state: &mut BootState, source: Source) -> bool {
    let Source::Slot(slot) = source else {
        return false;
    };
    let (record, image) = (state.slot(slot), device.image(slot));
    let is_confirmed = record.status == SlotStatus::Confirmed
        && record.manifest_hash == image.manifest_hash()
        && state.begun_without_up <= 1;
    if !is_confirmed || !floors::may_rise(state.floors, Found::NoHome, image.numbers()) {
        return false;
    }
    let verified = |image: &&Image| image.envelope_verifies(state.floors);
    let other = Some(device.image(slot.other())).filter(verified);
    let risen = floors::rise(
        state.floors,
        Some(image.numbers()),
        other.map(Image::numbers),
    );
    match risen {
        Some(risen) => {
            state.floors = risen;
            true
        }
        None => false,
    }
}
