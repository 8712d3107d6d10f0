//! A trial whose system verifies and dies.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "attempts-run-out",
    behaviour: "a trial that panics uses up its attempts: boots the other slot",
    tier: Tier::EveryBoard,
    run,
};

const PANIC: &str = "Kernel panic - not syncing";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let dying = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.command_line.push_str(" rdinit=/nonexistent"));
    bench.install(&disk, Slot::A, &dying)?;

    let mut guest = bench.start(&disk)?;
    guest.allow(PANIC);
    guest.expect(PANIC)?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Exhausted);
    let exhausted = Cause::new(
        json!({"kind": "attempts-exhausted", "slot": "system-a", "given": 1}),
        |event| {
            matches!(
                event,
                Event::AttemptsExhausted {
                    slot: Slot::A,
                    given: 1
                }
            )
        },
    );
    Evidence::of_guest(&proof, &disk, &exhausted)
}
