//! A system whose security epoch was retired.

use anyhow::Result;
use image_format::refusal::Refusal;
use image_format::{Epoch, Slot};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::proof::Expected;
use crate::world::VERSION_B;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "floor-epoch",
    behaviour: "a security epoch below the floor: boots the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let (retired, current) = (Epoch(1), Epoch(2));
    let newer = bench.world().system().with_manifest(|manifest| {
        manifest.version = VERSION_B;
        manifest.epoch = current;
    });
    let manifest = bench.install(&disk, Slot::B, &newer)?;
    disk.change_state(|state| state.floors.epoch = current)?;

    let refusal = Refusal::EpochBelowFloor {
        epoch: retired,
        floor: current,
    };
    let told = json!({"check": "epoch-below-floor", "epoch": retired, "floor": current});
    let slot = Slot::B;
    let expected = Expected {
        source: slot.into(),
        manifest,
    };
    fall_back::from_refused_a_to(bench, &disk, refusal, told, expected)
}
