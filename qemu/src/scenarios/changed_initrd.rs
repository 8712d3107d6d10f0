//! The initrd of the first slot changed by one bit.

use anyhow::Result;
use image_format::Slot;
use image_format::refusal::{PartName, Refusal};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "changed-initrd",
    behaviour: "one changed bit in the initrd: boots the other slot",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.flip_bit(Slot::A, Spot::Initrd)?;
    let refusal = Refusal::Digest {
        part: PartName::Initrd,
    };
    let told = json!({"check": "digest", "part": "initrd"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
