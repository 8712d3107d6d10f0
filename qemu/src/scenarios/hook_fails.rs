//! A maker's health hook that finds something.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "hook-fails",
    behaviour: "a health hook that fails: boots the other slot and tells what the hook said",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let system = bench.world().faulty(Fault::HookFails)?;
    let cause = Cause::check_failed(Slot::A, "modem");
    failed_trial::of(
        bench,
        &system,
        &cause,
        "it failed the health check \"modem\": it ended with 3: the modem does not answer",
    )
}
