//! Neither slot boots, and somebody left a stick.

use std::fs;

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus, Source};
use serde_json::json;

use super::update_from_file::{Newer, confirmed_as_b, staged};
use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::esp::Esp;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue-usb",
    behaviour: "both slots bad, and nobody types: a release comes from a stick, and is confirmed",
    tier: Tier::Everyday,
    run,
};

const STICK_BYTES: u64 = 256 << 20;
const USB: [&str; 2] = ["qemu-xhci,id=usb", "usb-storage,bus=usb.0"];

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    let image = bench.directory().join("stick.img");
    let stick = Esp::make_stick(&image, STICK_BYTES)?;
    let release = fs::read(&newer.update)?;
    let mut changed = release.clone();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    stick.write("changed.update", changed)?;
    stick.write("twinkeel.update", release)?;
    let settings = bench.directory().join("updates.toml");
    fs::write(&settings, "rescue = \"usb\"\n")?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings, "/system/updates.toml")?;
    rescue::ruin_slots(&disk)?;

    let own = Drive::of_board(bench.world().board(), disk.image(), Boot::First);
    let stick = Drive {
        image,
        device: USB.map(str::to_owned).to_vec(),
        boot: Boot::Unordered,
        write_log: None,
    };
    let mut guest = bench.start_with(vec![own, stick])?;
    guest.expect_up(Source::Rescue)?;
    guest.expect("press Enter for a shell")?;
    guest.expect("nothing is installed from changed.update on sda1: cannot install the update")?;
    guest.expect("Installed edge 3 ")?;
    guest.expect("a release is installed: the next boot tries it")?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let (source, manifest) = (Slot::B.into(), newer.manifest);
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(
        state.active == Slot::B
            && state.slot(Slot::A).status == SlotStatus::Refused
            && state.slot(Slot::B).status == SlotStatus::Confirmed,
        "the boot state is {state:?}"
    );
    let [refused, staged, confirmed] = [
        Evidence::of_guest(&proof, &disk, &not_installed("changed.update on sda1"))?,
        Evidence::of_guest(&proof, &disk, &staged(manifest))?,
        Evidence::of_guest(&proof, &disk, &confirmed_as_b(manifest))?,
    ];
    Ok(refused.and(staged).and(confirmed))
}

fn not_installed(from: &'static str) -> Cause {
    let told = json!({"kind": "reinstall-failed", "from": from});
    Cause::new(
        told,
        move |event| matches!(event, Event::ReinstallFailed { from: found, .. } if found.as_str() == from),
    )
}
