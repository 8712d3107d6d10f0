//! A system signed under a delegation that was revoked.

use anyhow::Result;
use image_format::refusal::Refusal;
use image_format::{Serial, Slot};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::proof::Expected;
use crate::world::VERSION_B;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "floor-serial",
    behaviour: "a delegation serial below the floor: boots the other slot",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let keys = bench.world().keys();
    let revoked = keys.delegation_serial();
    let current = Serial(revoked.0 + 1);
    let system = bench.world().system();
    let system = system.with_manifest(|manifest| manifest.version = VERSION_B);
    let envelope = keys.seal_under(&keys.delegate(current)?, &system.manifest())?;
    let manifest = disk.write_system(Slot::B, &system, &envelope)?;
    disk.change_state(|state| {
        state.slot_mut(Slot::B).manifest_hash = manifest;
        state.floors.serial = current;
    })?;

    let refusal = Refusal::SerialBelowFloor {
        serial: revoked,
        floor: current,
    };
    let told = json!({"check": "serial-below-floor", "serial": revoked, "floor": current});
    let slot = Slot::B;
    let expected = Expected {
        source: slot.into(),
        manifest,
    };
    fall_back::from_refused_a_to(bench, &disk, refusal, told, expected)
}
