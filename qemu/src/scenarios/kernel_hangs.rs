//! A kernel that stops for good: it panics and was told to wait for ever after that.

use anyhow::Result;
use image_format::ResetCause;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "kernel-hangs",
    behaviour: "a kernel that stops for good: the hardware watchdog brings the device back",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let stopping = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.command_line.push_str(" rdinit=/none panic=0"));
    let cause = Cause::ended_silently(ResetCause::Watchdog);
    failed_trial::of(bench, &stopping, &cause, "it hung")
}
