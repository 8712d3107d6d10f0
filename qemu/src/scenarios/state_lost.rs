//! Both copies of the boot state are gone.

use anyhow::{Result, ensure};
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "state-lost",
    behaviour: "both copies of the boot state lost: rebuilds it, the higher version on trial",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.lose_state_copy(0)?;
    disk.lose_state_copy(1)?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(bench.expected(Slot::A)?)?;
    guest.power_off()?;

    let state = disk.read_state()?;
    let fallback = state.slot(Slot::B).manifest_hash;
    ensure!(
        fallback == bench.expected(Slot::B)?.manifest,
        "the fallback was forgotten"
    );
    let rebuilt = Cause::new(
        json!({"kind": "state-rebuilt", "trial": "system-a"}),
        |event| {
            let trial = Some(Slot::A);
            *event == Event::StateRebuilt { trial }
        },
    );
    Evidence::of_guest(&proof, &disk, &rebuilt)
}
