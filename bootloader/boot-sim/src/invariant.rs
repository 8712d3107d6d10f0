//! What must hold whatever happens to the power, each by its name.

use crate::device::{History, Outcome};
use crate::image::{Behaviour, Image};
use crate::observation::Observation;
use crate::world::{End, ImageId, Step, World};
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
    /// Whatever a loss of power left of an update, the next one succeeds.
    NextUpdateSucceeds,
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
            Self::NextUpdateSucceeds => "next-update-succeeds",
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
    if releases.len() != seen.failed.len() || world.images().any(|(_, image)| blameless(image)) {
        return Some(Invariant::FailedReleaseRemembered);
    }
    let state = seen.state.as_ref()?;
    let lost_to_floors = |image: &Image| {
        let is_slot = image.source != Source::Rescue;
        is_slot && !world.is_below_floors(image) && seen.floors.exceed(image.numbers)
    };
    if world.images().any(|(_, image)| lost_to_floors(image)) {
        return Some(Invariant::NothingVerifiedIsLost);
    }
    Slot::ALL.into_iter().find_map(|slot| {
        let record = state.slot(slot);
        let id = world.image_in(slot, record)?;
        let image = world.image(id);
        let verifies = image.behaviour.verifies() && !world.is_below_floors(image);
        match record.status {
            SlotStatus::Confirmed if !history.healthy.has(id) => {
                Some(Invariant::ConfirmedOnlyAfterHealth)
            }
            SlotStatus::Refused if verifies && !may_refuse_itself(world, image) => {
                Some(Invariant::NothingVerifiedIsLost)
            }
            SlotStatus::Empty if verifies && !is_staged(world, history, slot) => {
                Some(Invariant::NothingVerifiedIsLost)
            }
            _ => None,
        }
    })
}

/// The slot was emptied for a release, or is about to be.
fn is_staged(world: &World, history: &History, slot: Slot) -> bool {
    let there = |release: &Image| release.source == Source::Slot(slot);
    history.has_staged && world.release().is_some_and(there)
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
    let image = match outcome {
        Outcome::Started(image) => world.image(*image),
        Outcome::StartedOther(_) => return Some(Invariant::BootedVersionIsOldOrNew),
        Outcome::Runaway => return Some(Invariant::TurnsBounded),
        Outcome::Halted(_) | Outcome::Panicked => return Some(Invariant::SomeVerifiedSourceBoots),
    };
    let numbers = image.numbers;
    // A floor that only a lost state had is lost with it: docs/decisions/0009.
    if before.floors.exceed(numbers) || before.floors.exceed(after.floors) {
        return Some(Invariant::NeverBelowFloor);
    }
    // They rise for an image that was confirmed before it was started.
    let is_confirmed = |state: &BootState| match image.source {
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

/// What the cycles together must have come to: `started` has the image of each of them.
pub(crate) fn broken_at_end(
    world: &World,
    history: &History,
    started: &[ImageId],
    at_rest: bool,
    last: &Observation,
) -> Option<Invariant> {
    let mut images = started.iter().map(|image| world.image(*image));
    if world.end == End::RescueInTurn {
        let comes = images.any(|image| image.source == Source::Rescue);
        return (!comes).then_some(Invariant::SomeVerifiedSourceBoots);
    }
    let last_started = *started.last()?;
    let image = world.image(last_started);
    let good = match world.end {
        End::Damaged => image.behaviour == Behaviour::DamagedRoot,
        _ => image.behaviour == Behaviour::Good,
    };
    if image.behaviour.may_fail_trials() {
        return Some(Invariant::HungImageEndsOnOld);
    }
    if !good || (image.source == Source::Rescue) != (world.end == End::Rescue) {
        return Some(Invariant::SomeVerifiedSourceBoots);
    }
    if !at_rest {
        return Some(Invariant::RecoveryIsIdempotent);
    }
    let state = last.state.as_ref()?;
    if let Some(tried) = world.tried_release()
        && is_now(world, state, tried, SlotStatus::Confirmed)
        && last_started != tried
    {
        return Some(Invariant::ConfirmedReleaseBoots);
    }
    if let Some(release) = world.release()
        && world.recovery == Step::BootAndStage
        && release.behaviour == Behaviour::Good
        && image.manifest_hash != release.manifest_hash
    {
        return Some(Invariant::NextUpdateSucceeds);
    }
    let unremembered = world.images().any(|(id, image)| {
        image.behaviour.fails_trials()
            && is_now(world, state, id, SlotStatus::Exhausted)
            && !last.failed.contains(&image.manifest_hash)
    });
    (history.failure_on_record && unremembered).then_some(Invariant::FailedReleaseRemembered)
}

/// The state says this of that image.
fn is_now(world: &World, state: &BootState, image: ImageId, status: SlotStatus) -> bool {
    let Source::Slot(slot) = world.image(image).source else {
        return false;
    };
    let record = state.slot(slot);
    record.status == status && world.image_in(slot, record) == Some(image)
}

#[cfg(test)]
mod tests;
