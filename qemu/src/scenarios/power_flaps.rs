//! Power that goes away in every attempt of a trial.

use anyhow::{Result, ensure};
use image_format::{ResetCause, Slot, SlotStatus, Verdict};

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "power-flaps",
    behaviour: "power that goes away in each attempt: falls back, and blames nobody",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.change_state(|state| {
        state.slot_mut(Slot::A).status = SlotStatus::Trial {
            attempts_left: 2,
            attempts_given: 2,
        };
    })?;
    for attempt in ["attempt 1 of 2", "attempt 2 of 2"] {
        let mut guest = bench.start(&disk)?;
        guest.expect(attempt)?;
        guest.expect("twinkeel: starting system-a")?;
        guest.pull_the_plug()?;
    }
    let guest = bench.start(&disk)?;
    let lost = Cause::ended_silently(ResetCause::PowerLoss);
    let judged = Cause::judged(Slot::A, Verdict::Inconclusive, "the power was lost");
    let evidence = failed_trial::ends_in_b(bench, &disk, guest, &[&lost, &judged])?;
    ensure!(disk.failed_releases()?.is_empty(), "a release is blamed");
    Ok(evidence)
}
