//! One bit of a signed loader is another one.

use anyhow::{Context, Result};

use super::{Scenario, Tier, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-changed",
    behaviour: "firmware with Secure Boot does not start a signed loader with one bit changed",
    tier: Tier::Full,
    run,
};

/// The loader's own words are a place where a change does not stop the firmware from
/// loading it: only the signature is in its way.
const PLACE: &[u8] = b"cannot boot: no source";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let keys = bench.world().secure_boot_keys()?;
    let loader = refused_by_firmware::read_loader(bench, &disk)?;
    let mut signed = keys.sign_loader(&loader)?;
    let place = signed
        .windows(PLACE.len())
        .position(|window| window == PLACE)
        .context("the loader does not have the words to change")?;
    signed[place] ^= 0x10;
    refused_by_firmware::write_loader(bench, &disk, &signed)?;
    refused_by_firmware::prove(bench, &disk, &keys)
}
