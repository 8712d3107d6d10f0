//! A person asks for the other slot.

use anyhow::{Result, ensure};
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rollback",
    behaviour: "`snappy rollback system` boots the other slot from then on",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("snappy rollback system")?;
    for _ in 0..2 {
        guest.reboot()?;
        guest.expect_up(Slot::B)?;
    }
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    ensure!(proof.boot_number == 3, "this is boot {}", proof.boot_number);
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &requested())
}

/// A person asked for `system-b`.
pub(super) fn requested() -> Cause {
    Cause::new(
        json!({"kind": "rollback-requested", "from": "system-a", "to": "system-b"}),
        |event| {
            let (from, to) = (Slot::A, Slot::B);
            *event == Event::RollbackRequested { from, to }
        },
    )
}
