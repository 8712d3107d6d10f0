//! A kernel that stops for good: it panics and was told to wait for ever after that.

use anyhow::Result;
use image_format::ResetCause;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "kernel-hangs",
    behaviour: "a kernel that stops for good: the hardware watchdog brings the device back",
    tier: Tier::EveryBoard,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let stopping = Fault::KernelHangs.of(bench.world().system());
    let cause = Cause::ended_silently(ResetCause::Watchdog);
    failed_trial::of(bench, &stopping, &cause, "it hung")
}
