//! A slot with nothing where its kernel should be, as a write that never reached the disk
//! leaves it.

use anyhow::Result;
use image_format::Slot;
use image_format::refusal::{PartName, Refusal};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "empty-kernel",
    behaviour: "nothing but zeros where the kernel should be: boots the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.wipe(Slot::A, Spot::Kernel)?;
    let refusal = Refusal::Digest {
        part: PartName::Kernel,
    };
    let told = json!({"check": "digest", "part": "kernel"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
