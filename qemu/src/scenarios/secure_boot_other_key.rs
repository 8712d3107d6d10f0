//! Somebody replaced the loader by one that they signed themselves.

use anyhow::Result;
use image_builder::secure_boot::SecureBootKeys;
use image_format::Purpose;

use super::{Scenario, Tier, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-other-key",
    behaviour: "firmware with Secure Boot does not start a loader signed with a strange key",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let strange = SecureBootKeys::create(&bench.directory().join("strange-keys"), Purpose::Test)?;
    let loader = refused_by_firmware::read_loader(bench, &disk)?;
    refused_by_firmware::write_loader(bench, &disk, &strange.sign_loader(&loader)?)?;
    refused_by_firmware::prove(bench, &disk, &bench.world().secure_boot_keys()?)
}
