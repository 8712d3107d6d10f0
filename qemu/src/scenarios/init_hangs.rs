//! A PID 1 that waits for ever in the system stage.

use anyhow::Result;
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "init-hangs",
    behaviour: "a PID 1 that waits for ever: its own guard ends the boot and names the step",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let waiting = bench.world().endless()?;
    let cause = Cause::new(
        json!({"kind": "timed-out", "slot": "system-a", "step": "prepare the system"}),
        |event| {
            matches!(event, Event::TimedOut { slot: Slot::A, step, .. }
                if step == "prepare the system")
        },
    );
    let reason = "it was not done with the step \"prepare the system\"";
    failed_trial::of(bench, &waiting, &cause, reason)
}
