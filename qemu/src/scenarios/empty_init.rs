//! A program of PID 1 without a byte.

use anyhow::Result;
use image_format::ResetCause;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::initrd;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "empty-init",
    behaviour: "a PID 1 of zero bytes: the kernel panics, and the device falls back",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let empty = bench.with_initrd_addition(&initrd::Addition::EmptyProgram { path: "init" })?;
    // It panics before anything could keep its words.
    let cause = Cause::ended_silently(ResetCause::Reset);
    failed_trial::of(bench, &empty, &cause, "it reset the machine without a word")
}
