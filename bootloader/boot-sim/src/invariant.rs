//! What must hold whatever happens to the power, each by its name.

use crate::device::{History, Outcome, index};
use crate::image::{Behaviour, Image};
use crate::observation::Observation;
use crate::world::{End, World};
use image_format::{BootState, Slot, SlotStatus, Source};
use std::fmt;

/// Cycles after a loss of power within which a device has to be at rest: every attempt
/// of a trial, of the other slot's too, and the boots that prove it.
pub(crate) const MOST_CYCLES: usize = 14;
/// Looks at envelopes in one boot: two to rebuild the state, then twice three turns, each
/// with a look at the other slot and at rescue.
const MOST_LOOKS: usize = 2 + 2 * (3 + 2);

/// A promise of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// Every boot starts something, and soon something good.
    SomeVerifiedSourceBoots,
    /// What starts is one image, whole, from the slot that it is said to be from.
    BootedVersionIsOldOrNew,
    /// Nothing below a floor starts, no floor falls, and none rises for a trial.
    NeverBelowFloor,
    /// A confirmed slot has passed its health gate.
    ConfirmedOnlyAfterHealth,
    /// An image that hangs costs its attempts and no more; one that dies after it was
    /// confirmed loses its confirmation. Either way the old one runs then.
    HungImageEndsOnOld,
    /// A cut destroys one copy of the state at most; a lost state is rebuilt.
    StateReadableOrRebuilt,
    /// A device at rest stays as it is.
    RecoveryIsIdempotent,
    /// A boot ends.
    TurnsBounded,
    /// A release that failed is in the list, once, and stays there; no other is.
    FailedReleaseRemembered,
    /// A good image stays one that boots, and nothing is written but the boot state and a
    /// slot that is staged.
    NothingVerifiedIsLost,
    /// A release that passed its trial is the one that boots, until somebody rolls back.
    ConfirmedReleaseBoots,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SomeVerifiedSourceBoots => "some-verified-source-boots",
            Self::BootedVersionIsOldOrNew => "booted-version-is-old-or-new",
            Self::NeverBelowFloor => "never-below-floor",
            Self::ConfirmedOnlyAfterHealth => "confirmed-only-after-health",
            Self::HungImageEndsOnOld => "hung-image-ends-on-old",
            Self::StateReadableOrRebuilt => "state-readable-or-rebuilt",
            Self::RecoveryIsIdempotent => "recovery-is-idempotent",
            Self::TurnsBounded => "turns-bounded",
            Self::FailedReleaseRemembered => "failed-release-remembered",
            Self::NothingVerifiedIsLost => "nothing-verified-is-lost",
            Self::ConfirmedReleaseBoots => "confirmed-release-boots",
        })
    }
}

/// What a device must look like at every moment, switched off.
pub(crate) fn broken_at_cut(
    world: &World,
    history: &History,
    seen: &Observation,
    copies_at_first: usize,
) -> Option<Invariant> {
    if seen.whole_copies == 0 && copies_at_first > 0 {
        return Some(Invariant::StateReadableOrRebuilt);
    }
    broken_by_content(world, history, seen)
}

fn broken_by_content(world: &World, history: &History, seen: &Observation) -> Option<Invariant> {
    if seen.wrote_elsewhere {
        return Some(Invariant::NothingVerifiedIsLost);
    }
    let mut releases = seen.failed.clone();
    releases.sort_by_key(|release| release.0);
    releases.dedup();
    let blameless = |image: &Image| {
        !image.behaviour.may_fail_trials() && seen.failed.contains(&image.manifest_hash)
    };
    if releases.len() != seen.failed.len() || world.images.iter().any(blameless) {
        return Some(Invariant::FailedReleaseRemembered);
    }
    let state = seen.state.as_ref()?;
    let lost_to_floors = |image: &Image| {
        let is_slot = image.source != Source::Rescue;
        is_slot && !world.is_below_floors(image) && seen.floors.exceed(image.numbers)
    };
    if world.images.iter().any(lost_to_floors) {
        return Some(Invariant::NothingVerifiedIsLost);
    }
    Slot::ALL.into_iter().find_map(|slot| {
        let record = state.slot(slot);
        let image = world.image_of(Source::Slot(slot))?;
        let verifies = image.behaviour.verifies() && !world.is_below_floors(image);
        match record.status {
            SlotStatus::Confirmed if !history.healthy[index(slot)] => {
                Some(Invariant::ConfirmedOnlyAfterHealth)
            }
            SlotStatus::Refused if verifies && !may_refuse_itself(world, image) => {
                Some(Invariant::NothingVerifiedIsLost)
            }
            SlotStatus::Empty if verifies => Some(Invariant::NothingVerifiedIsLost),
            _ => None,
        }
    })
}

/// Its root is damaged, and there is another slot to go to.
fn may_refuse_itself(world: &World, image: &Image) -> bool {
    image.behaviour == Behaviour::DamagedRoot && world.end != End::Damaged
}

/// What a cycle must have done.
pub(crate) fn broken_by_cycle(
    world: &World,
    history: &History,
    before: &Observation,
    outcome: &Outcome,
    looks: usize,
    after: &Observation,
) -> Option<Invariant> {
    let source = match outcome {
        Outcome::Started(source) => *source,
        Outcome::StartedOther(_) => return Some(Invariant::BootedVersionIsOldOrNew),
        Outcome::Runaway => return Some(Invariant::TurnsBounded),
        Outcome::Halted(_) | Outcome::Panicked => return Some(Invariant::SomeVerifiedSourceBoots),
    };
    let numbers = world.image_of(source)?.numbers;
    // A floor that only a lost state had is lost with it: docs/decisions/0009.
    if before.floors.exceed(numbers) || before.floors.exceed(after.floors) {
        return Some(Invariant::NeverBelowFloor);
    }
    // They rise for an image that was confirmed before it was started.
    let is_confirmed = |state: &BootState| match source {
        Source::Slot(slot) => state.slot(slot).status == SlotStatus::Confirmed,
        Source::Rescue => false,
    };
    let rose = after.floors.exceed(before.floors);
    if rose && !before.state.as_ref().is_some_and(is_confirmed) {
        return Some(Invariant::NeverBelowFloor);
    }
    if looks > MOST_LOOKS {
        return Some(Invariant::TurnsBounded);
    }
    if after.whole_copies == 0 {
        return Some(Invariant::StateReadableOrRebuilt);
    }
    if history.bad_starts > world.attempts {
        return Some(Invariant::HungImageEndsOnOld);
    }
    let forgotten = |release| !after.failed.contains(release);
    if before.failed.iter().any(forgotten) {
        return Some(Invariant::FailedReleaseRemembered);
    }
    broken_by_content(world, history, after)
}

/// What the cycles together must have come to: `sources` has what each of them started.
pub(crate) fn broken_at_end(
    world: &World,
    history: &History,
    sources: &[Source],
    at_rest: bool,
    last: &Observation,
) -> Option<Invariant> {
    let rescues = sources.iter().filter(|source| **source == Source::Rescue);
    if world.end == End::RescueInTurn {
        let comes = rescues.count() > 0;
        return (!comes).then_some(Invariant::SomeVerifiedSourceBoots);
    }
    let source = *sources.last()?;
    let image = world.image_of(source)?;
    let good = match world.end {
        End::Damaged => image.behaviour == Behaviour::DamagedRoot,
        _ => image.behaviour == Behaviour::Good,
    };
    if image.behaviour.may_fail_trials() {
        return Some(Invariant::HungImageEndsOnOld);
    }
    if !good || (source == Source::Rescue) != (world.end == End::Rescue) {
        return Some(Invariant::SomeVerifiedSourceBoots);
    }
    if !at_rest {
        return Some(Invariant::RecoveryIsIdempotent);
    }
    let state = last.state.as_ref()?;
    if let Some(tried) = world.tried_release()
        && state.slot(tried).status == SlotStatus::Confirmed
        && source != Source::Slot(tried)
    {
        return Some(Invariant::ConfirmedReleaseBoots);
    }
    let unremembered = world.images.iter().any(|image| {
        image.behaviour.fails_trials()
            && matches!(image.source, Source::Slot(slot) if state.slot(slot).status == SlotStatus::Exhausted)
            && !last.failed.contains(&image.manifest_hash)
    });
    (history.failure_on_record && unremembered).then_some(Invariant::FailedReleaseRemembered)
}

#[cfg(test)]
mod tests;
