//! Neither slot boots, and somebody is at the console.

use std::fs;

use anyhow::Result;
use image_format::{Slot, Source};

use super::update_from_file::{Newer, confirmed_as_b, staged};
use super::web_server::{Files, Server};
use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue-by-hand",
    behaviour: "in the rescue shell, `snappy update --from http://` finds a network and installs",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    let manifest = newer.manifest;
    let server = Server::of(Files {
        release: fs::read(&newer.update)?,
        chunks: None,
    })?;
    rescue::ruin_slots(&disk)?;

    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Source::Rescue)?;
    guest.prove(bench.expected(Source::Rescue)?)?;
    guest.require_refused(
        "snappy update",
        "'snappy reinstall' takes a release from a stick",
    )?;
    guest.require_refused("snappy reinstall", "this image trusts no store")?;
    guest.run(&format!("snappy update --from {}/release", server.address))?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let source = Slot::B.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    let staged = Evidence::of_guest(&proof, &disk, &staged(manifest))?;
    let confirmed = Evidence::of_guest(&proof, &disk, &confirmed_as_b(manifest))?;
    Ok(staged.and(confirmed))
}
