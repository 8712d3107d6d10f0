//! A service that ends whenever it is started.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "service-dies",
    behaviour: "a service that keeps dying: the trial fails, and the service is named",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let system = bench.world().faulty(Fault::ServiceDies)?;
    let cause = Cause::check_failed(Slot::A, "services");
    failed_trial::of(
        bench,
        &system,
        &cause,
        "it failed the health check \"services\": web: ",
    )
}
