//! A trial that comes up and fails a check of the health gate.
//!
//! Its kernel is told to do without the file system of `writable`, as if the driver had
//! been left out of the release.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "failed-check",
    behaviour: "a trial fails its health check: boots the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let lacking = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.command_line.push_str(" module_blacklist=ext4"));
    let failed = Cause::check_failed(Slot::A, "writable");
    let reason = "it failed the health check \"writable\": cannot mount writable";
    failed_trial::of(bench, &lacking, &failed, reason)
}
