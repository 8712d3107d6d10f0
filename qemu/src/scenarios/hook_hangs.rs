//! A maker's health hook that never ends.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "hook-hangs",
    behaviour: "a health hook that never ends: a silent gate is a failed gate",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let system = bench.world().faulty(Fault::HookHangs)?;
    let cause = Cause::check_failed(Slot::A, "modem");
    failed_trial::of(
        bench,
        &system,
        &cause,
        "it failed the health check \"modem\": it has not ended",
    )
}
