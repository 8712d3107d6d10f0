//! A trial whose system verifies and dies.

use anyhow::Result;
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "attempts-run-out",
    behaviour: "a trial that panics uses up its attempts: boots the other slot",
    tier: Tier::EveryBoard,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let dying = Fault::NoInit.of(bench.world().system());
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
    // It panics before anything could keep its words.
    let reason = "it reset the machine without a word";
    failed_trial::of(bench, &dying, &exhausted, reason)
}
