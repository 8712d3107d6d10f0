//! A kernel that panics in a system that is up.

use anyhow::Result;
use image_format::Event;
use serde_json::json;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "kernel-panics",
    behaviour: "a kernel that panics: its last words are in the flight record",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let panicking = bench.world().faulty(Fault::Panic)?;
    let message = "sysrq triggered crash";
    let cause = Cause::new(
        json!({"kind": "kernel-panicked", "message": message}),
        move |event| matches!(event, Event::KernelPanicked { message: said } if said == message),
    );
    failed_trial::of(bench, &panicking, &cause, "its kernel panicked: sysrq")
}
