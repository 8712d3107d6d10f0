//! Which system to boot: pure functions over the boot state and over what this
//! boot has found out so far.
//!
//! A boot first [`settle`]s what the boots before it left behind, then
//! [`choose`]s a source, and notes with [`begin`] that it is tried, before the
//! source's first byte is read. If the source is refused, [`refuse`] notes that
//! and the choice is made again among the rest. There are three sources and each
//! is chosen at most once, so that this takes at most [`MAX_TURNS`] turns.

use image_format::{
    BootNumber, BootState, Digest, Event, Floors, Slot, SlotRecord, SlotStatus, Source, Version,
};

/// Turns of choosing in one round: one for each source.
pub const MAX_TURNS: u8 = 3;
/// Boots in a row that may begin without one that comes up.
pub const MAX_BEGUN_WITHOUT_UP: u8 = 5;
/// Attempts that a slot is given when the state was rebuilt.
pub const REBUILT_ATTEMPTS: u8 = 3;

/// The sources that this boot will not choose (again).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    a: bool,
    b: bool,
    rescue: bool,
}

impl Excluded {
    /// Leaves `source` out from now on.
    pub fn add(&mut self, source: Source) {
        match source {
            Source::Slot(Slot::A) => self.a = true,
            Source::Slot(Slot::B) => self.b = true,
            Source::Rescue => self.rescue = true,
        }
    }

    fn contains(self, source: Source) -> bool {
        match source {
            Source::Slot(Slot::A) => self.a,
            Source::Slot(Slot::B) => self.b,
            Source::Rescue => self.rescue,
        }
    }
}

/// Draws the consequence of earlier boots, before any choice: a trial without
/// attempts left is over, and an active slot that began too often without coming
/// up is no longer confirmed. Returns what happened, for the flight record.
pub fn settle(state: &mut BootState) -> Option<Event> {
    for slot in Slot::ALL {
        if let SlotStatus::Trial {
            attempts_left: 0,
            attempts_given: given,
        } = state.slot(slot).status
        {
            state.slot_mut(slot).status = SlotStatus::Exhausted;
            return Some(Event::AttemptsExhausted { slot, given });
        }
    }
    let confirmed = first_confirmed(state, Excluded::default());
    if state.trial().is_none()
        && state.begun_without_up >= MAX_BEGUN_WITHOUT_UP
        && let Some(slot) = confirmed
    {
        let boots = state.begun_without_up;
        state.slot_mut(slot).status = SlotStatus::Exhausted;
        state.begun_without_up = 0;
        return Some(Event::ConfirmationLost { slot, boots });
    }
    None
}

/// The source to try: the slot on trial, a confirmed one, any other as a last
/// resort, the rescue system. `None` when all are excluded.
///
/// A last resort that began [`MAX_BEGUN_WITHOUT_UP`] times in a row without coming up
/// lets the rescue system go first, once: a device whose slots verify and then die
/// would otherwise start them for ever, and nobody could ask it why. After that the other
/// slot goes first ([`begin`]): it may be a good one that only lost its power too often.
#[must_use]
pub fn choose(state: &BootState, excluded: Excluded) -> Option<Source> {
    let trial = state
        .trial()
        .map(Source::Slot)
        .filter(|trial| !excluded.contains(*trial));
    let claim = trial.or_else(|| first_confirmed(state, excluded).map(Source::Slot));
    let last_resort = last_resort(state, excluded).map(Source::Slot);
    let rescue = (!excluded.contains(Source::Rescue)).then_some(Source::Rescue);
    if state.begun_without_up >= MAX_BEGUN_WITHOUT_UP {
        claim.or(rescue).or(last_resort)
    } else {
        claim.or(last_resort).or(rescue)
    }
}

/// Is there a slot that is on trial or confirmed? Without one every boot is a last
/// resort or the rescue system.
#[must_use]
pub fn has_claim(state: &BootState) -> bool {
    state.trial().is_some() || first_confirmed(state, Excluded::default()).is_some()
}

fn candidates(state: &BootState, excluded: Excluded) -> impl Iterator<Item = Slot> {
    [state.active, state.active.other()]
        .into_iter()
        .filter(move |slot| !excluded.contains(Source::Slot(*slot)))
}

fn first_confirmed(state: &BootState, excluded: Excluded) -> Option<Slot> {
    candidates(state, excluded).find(|slot| state.slot(*slot).status == SlotStatus::Confirmed)
}

/// Every boot verifies, so even a slot that is believed empty may be tried: a
/// wrong belief must not keep a good image from booting.
fn last_resort(state: &BootState, excluded: Excluded) -> Option<Slot> {
    candidates(state, excluded).min_by_key(|slot| match state.slot(*slot).status {
        SlotStatus::Trial { .. } | SlotStatus::Confirmed | SlotStatus::Installed => 0,
        SlotStatus::Exhausted => 1,
        SlotStatus::Refused => 2,
        SlotStatus::Empty => 3,
    })
}

/// Notes that `source` is about to be tried, to be written before its first byte
/// is read. For a slot on trial this is an attempt; the event says so. After the
/// rescue system the boots of slots that did not come up are counted anew, and if it was
/// the turn of the rescue system because of them, the other slot is a last resort first.
pub fn begin(state: &mut BootState, source: Source) -> Option<Event> {
    let Source::Slot(slot) = source else {
        if state.begun_without_up >= MAX_BEGUN_WITHOUT_UP
            && let Some(died) = last_resort(state, Excluded::default())
        {
            pass_over(state, died);
        }
        state.begun_without_up = 0;
        return None;
    };
    if let SlotStatus::Trial {
        attempts_left,
        attempts_given: given,
    } = state.slot(slot).status
    {
        let attempts_left = attempts_left.saturating_sub(1);
        state.slot_mut(slot).status = SlotStatus::Trial {
            attempts_left,
            attempts_given: given,
        };
        let attempt = given.saturating_sub(attempts_left);
        return Some(Event::TrialBegun {
            slot,
            attempt,
            given,
        });
    }
    state.begun_without_up = state.begun_without_up.saturating_add(1);
    None
}

/// A last resort had its boots: the other slot goes first, unless it is a worse one.
fn pass_over(state: &mut BootState, died: Slot) {
    let record = state.slot_mut(died);
    if record.status == SlotStatus::Installed {
        record.status = SlotStatus::Exhausted;
    }
    state.active = died.other();
}

/// Notes that the slot's image does not verify. It stays a last resort, since a
/// device may read wrongly once.
pub fn refuse(state: &mut BootState, slot: Slot) {
    state.slot_mut(slot).status = SlotStatus::Refused;
}

/// What a slot's envelope says, once it could be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotImage {
    /// Its version.
    pub version: Version,
    /// Its manifest.
    pub manifest_hash: Digest,
}

/// A new state when both copies are lost: of two images that verify the one with
/// the higher version is on trial and the other its fallback; an only one is
/// installed, since a trial without a fallback would protect nothing.
#[must_use]
pub fn rebuild(
    a: Option<SlotImage>,
    b: Option<SlotImage>,
    boot_number: BootNumber,
    flight_sequence: u64,
) -> BootState {
    let record = |image: Option<SlotImage>| match image {
        Some(image) => SlotRecord {
            status: SlotStatus::Installed,
            manifest_hash: image.manifest_hash,
        },
        None => SlotRecord::EMPTY,
    };
    let active = if b.map(|image| image.version) > a.map(|image| image.version) {
        Slot::B
    } else {
        Slot::A
    };
    let mut state = BootState {
        generation: 1,
        boot_number,
        flight_sequence,
        floors: Floors::default(),
        active,
        begun_without_up: 0,
        slots: [record(a), record(b)],
    };
    if a.is_some() && b.is_some() {
        state.slot_mut(active).status = SlotStatus::Trial {
            attempts_left: REBUILT_ATTEMPTS,
            attempts_given: REBUILT_ATTEMPTS,
        };
    }
    state
}
