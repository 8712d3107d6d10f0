//! The last resort verifies, and dies at every boot.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus, Source};
use serde_json::json;

use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue-after-crashes",
    behaviour: "a last resort that died five times in a row gives way to the rescue system",
    tier: Tier::Everyday,
    run,
};

const PANIC: &str = "Kernel panic - not syncing";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let dying = Fault::NoInit.of(bench.world().system());
    bench.install(&disk, Slot::A, &dying)?;
    // Four such boots lie behind it.
    disk.change_state(|state| {
        state.begun_without_up = 4;
        state.slot_mut(Slot::A).status = SlotStatus::Exhausted;
        state.slot_mut(Slot::B).status = SlotStatus::Refused;
    })?;

    let mut guest = bench.start(&disk)?;
    guest.allow(PANIC);
    guest.expect(PANIC)?;
    guest.expect_up(Source::Rescue)?;
    let proof = guest.prove(bench.expected(Source::Rescue)?)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Exhausted);
    ensure!(state.begun_without_up == 0, "rescue counts as a boot");
    let silent = Cause::new(json!({"kind": "ended-silently", "boot": 1}), |event| {
        matches!(event, Event::EndedSilently { .. })
    });
    let silent = Evidence::of_guest(&proof, &disk, &silent)?;
    Ok(silent.and(Evidence::of_guest(&proof, &disk, &rescue::rescue_runs())?))
}
