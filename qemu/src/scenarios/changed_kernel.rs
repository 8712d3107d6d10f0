//! The kernel of the first slot changed by one bit.

use anyhow::Result;
use image_format::Slot;
use image_format::refusal::{PartName, Refusal};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "changed-kernel",
    behaviour: "one changed bit in the kernel: boots the other slot",
    tier: Tier::EveryBoard,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.flip_bit(Slot::A, Spot::Kernel)?;
    let refusal = Refusal::Digest {
        part: PartName::Kernel,
    };
    let told = json!({"check": "digest", "part": "kernel"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
