//! Nobody types: a store, a device with its address, and three releases.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use image_format::{Digest, Event, Slot, SlotStatus};
use serde_json::json;

use super::maker::{Maker, of_version};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::local_store::Server;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-alone",
    behaviour: "nobody types: a device left alone goes from release 1 to 3, one after the other",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let mut maker = Maker::new(bench)?;
    let system = bench.world().trusting(maker.trust()?)?;
    let disk = bench.disk()?;
    bench.install(&disk, Slot::A, &of_version(&system, 1))?;
    maker.publish(&of_version(&system, 2), None)?;
    let manifest = maker.publish(&of_version(&system, 3), Some(2))?;
    let server = maker.serve()?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings(bench, &server)?, "/system/updates.toml")?;

    let mut guest = bench.start_connected(&disk)?;
    for slot in [Slot::A, Slot::B, Slot::A] {
        guest.expect_up(slot)?;
        guest.expect_confirmed(slot)?;
    }
    let source = Slot::A.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(
        state.active == Slot::A
            && Slot::ALL.map(|slot| state.slot(slot).status) == [SlotStatus::Confirmed; 2],
        "the boot state is {state:?}"
    );
    // It told what became of the first update when it asked for the second.
    let told = "channel=edge&version=2&result=confirmed&of=2 ";
    let log = server.log();
    let asked = |words: &str| log.iter().any(|line| line.contains(words));
    ensure!(asked(told), "the store was asked: {log:#?}");
    // From the second to the third there is a patch, and nothing else was fetched.
    ensure!(
        asked("twinkeel-2-3.patch ") && !asked("twinkeel-3.update"),
        "the store was asked: {log:#?}"
    );
    Evidence::of_guest(&proof, &disk, &confirmed(manifest))
}

fn confirmed(manifest: Digest) -> Cause {
    let told = json!({"kind": "confirmed", "slot": "system-a", "version": 3});
    Cause::new(told, move |event| {
        matches!(event, Event::Confirmed { slot: Slot::A, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}

/// What the owner set, as a file of the host.
fn settings(bench: &Bench<'_>, server: &Server) -> Result<PathBuf> {
    let path = bench.directory().join("updates.toml");
    let settings = format!(
        "store = [\"http://{HOST_ADDRESS}:{}\"]\npoll-interval-secs = 30\nreboot = \"now\"\n",
        server.port()
    );
    fs::write(&path, settings)?;
    Ok(path)
}
