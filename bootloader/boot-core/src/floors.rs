//! What may not boot any more, and when that rises: pure functions over the floors in the
//! boot state, those in the second home, and what the slots turned out to be.
//!
//! Three rules carry all of it. The higher of the two homes counts, number by number. A
//! floor rises only at a boot of a confirmed image, and only to the lower one of the two
//! slots, both verified at this boot, so that a fallback always remains. And the second
//! home learns nothing from the boot state: only verified numbers get there, for nobody
//! could lower it again. The reasons stand in `docs/decisions/0009`.

use image_format::{BootNumber, Event, Floors, Refusal};

/// The second home as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The board has none, or it cannot be written.
    NoHome,
    /// It has forgotten what it held, or never held anything.
    Nothing,
    /// These floors.
    Floors(Floors),
}

impl Found {
    /// The floors that it stands for: where it holds none, anything may boot.
    #[must_use]
    pub fn floors(self) -> Floors {
        match self {
            Self::NoHome | Self::Nothing => Floors::default(),
            Self::Floors(floors) => floors,
        }
    }
}

/// The floors of this boot.
#[must_use]
pub fn effective(state: Floors, second: Found) -> Floors {
    state.higher(second.floors())
}

/// Whether the boot state is behind the second home, which no write of ours leaves
/// behind: the state was lost, or somebody changed it.
#[must_use]
pub fn state_fell_back(state: Floors, second: Found) -> Option<Event> {
    second
        .floors()
        .exceed(state)
        .then(|| disagreed(state, second))
}

/// Whether an empty second home had once been filled: it is from the first boot on.
#[must_use]
pub fn second_home_forgot(state: Floors, second: Found, boot: BootNumber) -> Option<Event> {
    let forgot = second == Found::Nothing && boot > BootNumber(1) && state != Floors::default();
    forgot.then(|| disagreed(state, second))
}

/// Whether the floors of the boot state are to be dropped for those of the second home:
/// nothing boots, and not because of those. A state that puts everything out is no state
/// that a rise can have made, and it is never trusted. A second home that holds nothing
/// yet is no witness against it.
#[must_use]
pub fn state_overreaches<'a>(
    state: Floors,
    second: Found,
    mut refusals: impl Iterator<Item = &'a Refusal>,
) -> Option<Event> {
    let overreaches = second.floors() != Floors::default()
        && state.exceed(second.floors())
        && refusals.any(|refusal| {
            matches!(
                refusal,
                Refusal::EpochBelowFloor { .. } | Refusal::SerialBelowFloor { .. }
            )
        });
    overreaches.then(|| disagreed(state, second))
}

/// Whether a home is behind the image that runs, so that the other slot is worth a look.
#[must_use]
pub fn may_rise(state: Floors, second: Found, running: Floors) -> bool {
    let behind = match second {
        Found::NoHome => state,
        Found::Nothing | Found::Floors(_) => state.lower(second.floors()),
    };
    running.exceed(behind)
}

/// What `present` floors rise to, if they do. `confirmed` has the numbers of the image that
/// boots, if that image is confirmed; `other` those of the other slot. Both count only if
/// they were verified against the floors of this boot.
#[must_use]
pub fn rise(present: Floors, confirmed: Option<Floors>, other: Option<Floors>) -> Option<Floors> {
    let lower = confirmed?.lower(other?);
    lower.exceed(present).then(|| lower.higher(present))
}

fn disagreed(state: Floors, second: Found) -> Event {
    Event::FloorsDisagreed {
        state_epoch: state.epoch,
        variable_epoch: second.floors().epoch,
        state_serial: state.serial,
        variable_serial: second.floors().serial,
    }
}
