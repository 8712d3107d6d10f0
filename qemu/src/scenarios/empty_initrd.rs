//! A slot with nothing where its initrd should be, as a write that never reached the disk
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
    name: "empty-initrd",
    behaviour: "nothing but zeros where the initrd should be: boots the other slot",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.wipe(Slot::A, Spot::Initrd)?;
    let refusal = Refusal::Digest {
        part: PartName::Initrd,
    };
    let told = json!({"check": "digest", "part": "initrd"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
