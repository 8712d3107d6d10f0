//! A oneshot service that never ends, like one that waits for itself.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "service-hangs",
    behaviour: "a service that waits for ever: the trial fails, and the service is named",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let system = bench.world().faulty(Fault::ServiceHangs)?;
    let cause = Cause::check_failed(Slot::A, "services");
    failed_trial::of(
        bench,
        &system,
        &cause,
        "it failed the health check \"services\": once: it has not ended",
    )
}
