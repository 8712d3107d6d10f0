//! Each promise can be broken: a device that does is told by its name.

use super::*;
use crate::device::{Device, Memory};
use crate::layouts::Devices;
use crate::sequences::plans;
use image_format::{Digest, Epoch};

const SLOT_A: Source = Source::Slot(Slot::A);
const SLOT_B: Source = Source::Slot(Slot::B);

/// A device of the sequence `name`, whose looks can be changed.
struct Case {
    world: World,
    history: History,
    before: Observation,
    after: Observation,
    outcome: Outcome,
    looks: usize,
}

impl Case {
    fn of(name: &str) -> Self {
        let plan = plans(Devices::Everyday).find(|plan| plan.name().starts_with(name));
        let world = plan.expect("a plan").world();
        let mut device = Device::new(&world);
        let seen = Observation::of(&world, &mut device, &mut Memory::new());
        Self {
            history: device.history,
            before: seen.clone(),
            after: seen,
            outcome: started(&world, SLOT_A),
            looks: 3,
            world,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn status(self, slot: Slot, status: SlotStatus) -> Self {
        self.change(|case| {
            let state = case.after.state.as_mut().expect("a state");
            state.slot_mut(slot).status = status;
        })
    }

    fn at_cut(&self) -> Option<Invariant> {
        broken_at_cut(&self.world, &self.history, &self.after, 2)
    }

    fn by_cycle(&self) -> Option<Invariant> {
        let (before, after) = (&self.before, &self.after);
        let (world, history) = (&self.world, &self.history);
        broken_by_cycle(world, history, before, &self.outcome, self.looks, after)
    }

    fn at_end(&self, sources: &[Source], at_rest: bool) -> Option<Invariant> {
        let installed = |source: &Source| self.world.installed(*source).expect("an image");
        let started: Vec<_> = sources.iter().map(installed).collect();
        broken_at_end(&self.world, &self.history, &started, at_rest, &self.after)
    }
}

fn started(world: &World, source: Source) -> Outcome {
    Outcome::Started(world.installed(source).expect("an image"))
}

fn plain() -> Case {
    Case::of("up-and-confirm.good")
}

fn hangs() -> Case {
    Case::of("up-and-confirm.hangs")
}

#[test]
fn a_device_that_is_well_breaks_nothing() {
    assert_eq!(plain().at_cut(), None);
    assert_eq!(plain().by_cycle(), None);
    assert_eq!(plain().at_end(&[SLOT_B, SLOT_B], true), None);
}

#[test]
fn some_verified_source_boots_can_fail() {
    let name = Some(Invariant::SomeVerifiedSourceBoots);
    for outcome in [Outcome::Halted(String::new()), Outcome::Panicked] {
        assert_eq!(
            plain().change(|case| case.outcome = outcome).by_cycle(),
            name
        );
    }
    assert_eq!(plain().at_end(&[Source::Rescue], true), name);
    let last_resort = Case::of("last-resort.hangs");
    assert_eq!(last_resort.at_end(&[SLOT_A; MOST_CYCLES], false), name);
    assert_eq!(last_resort.at_end(&[SLOT_A, Source::Rescue], false), None);
}

#[test]
fn booted_version_is_old_or_new_can_fail() {
    let case = plain().change(|case| case.outcome = Outcome::StartedOther(String::new()));
    assert_eq!(case.by_cycle(), Some(Invariant::BootedVersionIsOldOrNew));
}

#[test]
fn never_below_floor_can_fail() {
    let name = Some(Invariant::NeverBelowFloor);
    let above = plain().change(|case| {
        case.before.floors.epoch = Epoch(2);
        case.after.floors.epoch = Epoch(2);
    });
    assert_eq!(above.by_cycle(), name);
    let fallen = plain().change(|case| case.after.floors.epoch = Epoch(0));
    assert_eq!(fallen.by_cycle(), name);
    let rose = |source| {
        Case::of("floors-rise.good").change(|case| {
            case.outcome = started(&case.world, source);
            case.after.floors.epoch = Epoch(2);
        })
    };
    assert_eq!(rose(SLOT_A).by_cycle(), None);
    assert_eq!(rose(SLOT_B).by_cycle(), name, "for a trial");
}

#[test]
fn confirmed_only_after_health_can_fail() {
    let case = || plain().status(Slot::B, SlotStatus::Confirmed);
    assert_eq!(case().at_cut(), Some(Invariant::ConfirmedOnlyAfterHealth));
    assert_eq!(
        case()
            .change(|case| {
                let release = case.world.installed(SLOT_B).expect("an image");
                case.history.healthy.add(release);
            })
            .at_cut(),
        None
    );
}

#[test]
fn hung_image_ends_on_old_can_fail() {
    let name = Some(Invariant::HungImageEndsOnOld);
    let attempts = hangs().world.attempts;
    let starts = |starts| hangs().change(|case| case.history.bad_starts = starts);
    assert_eq!(starts(attempts).by_cycle(), None);
    assert_eq!(starts(attempts + 1).by_cycle(), name);
    assert_eq!(hangs().at_end(&[SLOT_B], true), name);
    let dies = || Case::of("dies-after-confirm");
    assert_eq!(dies().at_end(&[SLOT_B], true), name);
    assert_eq!(dies().at_end(&[SLOT_A], true), None);
}

#[test]
fn state_readable_or_rebuilt_can_fail() {
    let name = Some(Invariant::StateReadableOrRebuilt);
    let lost = plain().change(|case| case.after.whole_copies = 0);
    assert_eq!(lost.at_cut(), name);
    assert_eq!(lost.by_cycle(), name);
}

#[test]
fn recovery_is_idempotent_can_fail() {
    let end = plain().at_end(&[SLOT_A], false);
    assert_eq!(end, Some(Invariant::RecoveryIsIdempotent));
}

#[test]
fn turns_bounded_can_fail() {
    let name = Some(Invariant::TurnsBounded);
    assert_eq!(
        plain()
            .change(|case| case.looks = MOST_LOOKS + 1)
            .by_cycle(),
        name
    );
    let endless = plain().change(|case| case.outcome = Outcome::Runaway);
    assert_eq!(endless.by_cycle(), name);
}

#[test]
fn failed_release_remembered_can_fail() {
    let name = Some(Invariant::FailedReleaseRemembered);
    let forgotten = plain().change(|case| case.before.failed = vec![Digest::ZERO]);
    assert_eq!(forgotten.by_cycle(), name);
    let twice = plain().change(|case| case.after.failed = vec![Digest::ZERO; 2]);
    assert_eq!(twice.at_cut(), name);
    let blamed = plain().change(|case| {
        let good = case.world.installed(SLOT_B).expect("an image");
        case.after.failed = vec![case.world.image(good).manifest_hash];
    });
    assert_eq!(blamed.at_cut(), name, "a release that works");
    let never = hangs()
        .status(Slot::B, SlotStatus::Exhausted)
        .change(|case| case.history.failure_on_record = true);
    assert_eq!(never.at_end(&[SLOT_A], true), name);
}

#[test]
fn nothing_verified_is_lost_can_fail() {
    let name = Some(Invariant::NothingVerifiedIsLost);
    for status in [SlotStatus::Empty, SlotStatus::Refused] {
        assert_eq!(plain().status(Slot::A, status).at_cut(), name);
    }
    let elsewhere = plain().change(|case| case.after.wrote_elsewhere = true);
    assert_eq!(elsewhere.at_cut(), name);
    let floors = Case::of("floors-rise.good").change(|case| {
        case.after.floors.epoch = Epoch(3);
        if let Some(state) = &mut case.after.state {
            state.floors.epoch = Epoch(3);
        }
    });
    assert_eq!(floors.at_cut(), name, "the fallback is below the floor");
}

#[test]
fn confirmed_release_boots_can_fail() {
    let name = Some(Invariant::ConfirmedReleaseBoots);
    let confirmed = || plain().status(Slot::B, SlotStatus::Confirmed);
    assert_eq!(confirmed().at_end(&[SLOT_B, SLOT_B], true), None);
    assert_eq!(confirmed().at_end(&[SLOT_A, SLOT_A], true), name);
}

#[test]
fn next_update_succeeds_can_fail() {
    let case = Case::of("stage-again.good");
    let release = case.world.release().expect("a release").manifest_hash;
    let (release, _) = case
        .world
        .images()
        .find(|(_, image)| image.manifest_hash == release)
        .expect("the release");
    let at_end = |image| {
        let Case {
            world,
            history,
            after,
            ..
        } = &case;
        broken_at_end(world, history, &[image, image], true, after)
    };
    let old = case.world.installed(SLOT_A).expect("an image");
    assert_eq!(at_end(old), Some(Invariant::NextUpdateSucceeds));
    assert_eq!(at_end(release), None);
}

#[test]
fn only_staging_may_empty_a_slot() {
    let emptied = || Case::of("stage.good").status(Slot::B, SlotStatus::Empty);
    let name = Some(Invariant::NothingVerifiedIsLost);
    assert_eq!(emptied().at_cut(), name);
    let staged = emptied().change(|case| case.history.has_staged = true);
    assert_eq!(staged.at_cut(), None);
    let both = staged.status(Slot::A, SlotStatus::Empty);
    assert_eq!(both.at_cut(), name, "the slot that runs");
}
