//! Somebody gives the device away.

use std::fs;

use anyhow::{Result, ensure};
use image_format::{AppData, Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::guest::Guest;
use crate::small_snap::SmallSnap;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "reset",
    behaviour: "`snappy reset`: what was on writable is gone after the reboot, and the identity is not, nor the data of a snap that is to be kept",
    tier: Tier::Everyday,
    run,
};

/// The prompt that guests are known by has the usual one.
const HOST_NAME: &str = "twinkeel";
const MACHINE_ID: &str = "0123456789ab4def8123456789abcdef";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    for (name, content) in [
        ("hostname", HOST_NAME),
        ("machine-id", MACHINE_ID),
        ("serial", "A-17"),
    ] {
        let file = bench.directory().join(name);
        fs::write(&file, format!("{content}\n"))?;
        writable.write(&file, &format!("/system/{name}"))?;
    }

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    install(&mut guest)?;
    guest.run("test \"$(hello)\" = none && echo data >/var/snap/hello/x1/state")?;
    use_the_device(&mut guest)?;
    guest.require_refused("snappy reset </dev/null", "say --yes if it is meant")?;

    // First what apps wrote stays, then it goes.
    guest.reboot_by("snappy reset --keep-data --yes")?;
    guest.expect_up(Slot::A)?;
    guest.run("test \"$(cat /var/snap/hello/x1/state)\" = data")?;
    require_as_made(&mut guest)?;
    guest.run("snappy list >/run/list && ! grep -q hello /run/list")?;
    // The snap goes on with what it had.
    install(&mut guest)?;
    guest.run("test \"$(hello)\" = data")?;
    use_the_device(&mut guest)?;
    guest.reboot_by("snappy reset --yes")?;
    guest.expect_up(Slot::A)?;
    guest.run("test ! -e /var/snap")?;
    require_as_made(&mut guest)?;
    let proof = guest.prove(bench.expected(Slot::A)?)?;
    guest.power_off()?;

    writable.require_clean()?;
    let state = disk.read_state()?;
    ensure!(state.active == Slot::A, "the boot state is {state:?}");
    let [kept, dropped] = [
        Evidence::of_guest(&proof, &disk, &reset_done(AppData::Kept, "kept"))?,
        Evidence::of_guest(&proof, &disk, &reset_done(AppData::Dropped, "dropped"))?,
    ];
    Ok(kept.and(dropped))
}

/// An app that tells what it has in its data.
fn install(guest: &mut Guest) -> Result<()> {
    let snap = SmallSnap {
        directory: "/tmp/hello",
        files: &[
            (
                "meta/snap.yaml",
                "name: hello\nversion: 1\napps: {hello: {command: bin/say}}\n",
            ),
            (
                "bin/say",
                "#!/bin/sh\ncat $SNAP_DATA/state 2>/dev/null || echo none\n",
            ),
        ],
    };
    snap.make(guest)?;
    guest.run(&format!(
        "until {}; do sleep 1; done",
        snap.install_command()
    ))?;
    Ok(())
}

/// Makes data that people and apps would.
fn use_the_device(guest: &mut Guest) -> Result<()> {
    guest.run("echo mine >/root/secret")?;
    guest.run("until snappy config hold=forever; do sleep 1; done")?;
    guest.run("sync")?;
    Ok(())
}

fn require_as_made(guest: &mut Guest) -> Result<()> {
    guest.run("test ! -e /root/secret && test ! -e /writable/snaps")?;
    guest.run("test ! -e /writable/system/factory-reset")?;
    guest.run("until snappy config hold >/run/hold; do sleep 1; done; grep -q none /run/hold")?;
    guest.run(&format!(
        "test \"$(cat /writable/system/hostname)\" = {HOST_NAME}"
    ))?;
    guest.run(&format!("test \"$(cat /run/machine-id)\" = {MACHINE_ID}"))?;
    guest.run("test \"$(cat /writable/system/serial)\" = A-17")?;
    Ok(())
}

fn reset_done(data: AppData, word: &'static str) -> Cause {
    Cause::new(json!({"kind": "reset-done", "data": word}), move |event| {
        *event == Event::ResetDone { data }
    })
}
