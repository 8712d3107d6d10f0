//! Somebody replaced the loader by one that nobody signed.

use anyhow::Result;

use super::{Scenario, Tier, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-unsigned",
    behaviour: "firmware with Secure Boot does not start a loader without a signature",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    refused_by_firmware::prove(bench, &disk, &bench.world().secure_boot_keys()?)
}
