//! Neither slot boots, and the store answers.

use std::fs;

use anyhow::{Result, ensure};
use image_builder::RescueSources;
use image_format::{Slot, SlotStatus, Source};

use super::maker::{Maker, of_version};
use super::update_from_file::{confirmed_as_b, staged};
use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::Evidence;
use crate::ext4::Ext4;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue-network",
    behaviour: "both slots bad, and nobody types: a release comes from the store, and is confirmed",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let mut maker = Maker::new(bench)?;
    // What the image says; the store's address is the owner's, on writable.
    let (system, disk) = bench.disk_trusting(maker.trust()?, RescueSources::Network)?;
    let manifest = maker.publish(&of_version(&system, 3), None)?;
    let server = maker.serve()?;
    let settings = bench.directory().join("updates.toml");
    fs::write(
        &settings,
        format!("store = [\"http://{HOST_ADDRESS}:{}\"]\n", server.port()),
    )?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings, "/system/updates.toml")?;
    rescue::ruin_slots(&disk)?;

    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Source::Rescue)?;
    guest.expect("press Enter for a shell")?;
    guest.expect("Installed edge 3 ")?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let source = Slot::B.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(
        state.active == Slot::B
            && state.slot(Slot::A).status == SlotStatus::Refused
            && state.slot(Slot::B).status == SlotStatus::Confirmed,
        "the boot state is {state:?}"
    );
    let staged = Evidence::of_guest(&proof, &disk, &staged(manifest))?;
    let confirmed = Evidence::of_guest(&proof, &disk, &confirmed_as_b(manifest))?;
    Ok(staged.and(confirmed))
}
