//! The delegation of the first slot changed by one bit.

use anyhow::Result;
use image_format::refusal::Refusal;
use image_format::{FrameError, Kind, Slot};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "changed-delegation",
    behaviour: "one changed bit in the delegation: boots the other slot",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.flip_bit(Slot::A, Spot::Record(Kind::Delegation))?;
    let refusal = Refusal::damaged(Kind::Delegation, FrameError::Checksum);
    let told = json!({"check": "damaged", "record": "delegation"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
