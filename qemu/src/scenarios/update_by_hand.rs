//! A person asks the daemon: what is there, an update, a rollback, a hold.

use std::fs;

use anyhow::{Result, ensure};
use image_format::Slot;
use store_format::Rollout;

use super::maker::{Maker, of_version};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::HOST_ADDRESS;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::guest::Guest;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-by-hand",
    behaviour: "`snappy update`, `rollback`, `hold` and `config` ask the daemon, which obeys; a wave opens",
    tier: Tier::Everyday,
    run,
};

/// The year 2100.
const NEVER_SECS: u64 = 4_102_444_800;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let mut maker = Maker::new(bench)?;
    let system = bench.world().trusting(maker.trust()?)?;
    let disk = bench.disk()?;
    bench.install(&disk, Slot::A, &of_version(&system, 1))?;
    let manifest = maker.publish(&of_version(&system, 2), None)?;
    maker.promote_last(&Rollout::everyone(NEVER_SECS))?;
    let server = maker.serve()?;
    let settings = bench.directory().join("updates.toml");
    fs::write(
        &settings,
        "autopilot = \"off\"\npoll-interval-secs = 86400\n",
    )?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings, "/system/updates.toml")?;

    let mut guest = bench.start_connected(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.expect_address()?;
    let store = format!("[\\\"http://{HOST_ADDRESS}:{}\\\"]", server.port());
    require(
        &mut guest,
        &format!("snappy config store={store}"),
        &["store: ["],
    )?;
    require(
        &mut guest,
        "snappy hold",
        &["are held until somebody releases them"],
    )?;
    let not_open = "so far 0% of the devices may take it";
    require(&mut guest, "snappy update-versions", &[not_open])?;
    maker.promote_last(&Rollout::everyone(1))?;
    let sentence = "1 updated components are available with your current stability settings.";
    require(
        &mut guest,
        "snappy update-versions",
        &[sentence, "system  edge"],
    )?;
    require(
        &mut guest,
        "snappy update",
        &["(edge 1 ", " -> edge 2 ", "Reboot to try"],
    )?;
    let done = [
        "Done    20",
        "Fetch the release into the other slot",
        "Read back",
    ];
    require(
        &mut guest,
        "snappy changes",
        &["Refresh \"system\" snap", "Done"],
    )?;
    let last = "snappy changes $(snappy changes | tail -n 1 | cut -d' ' -f1)";
    require(&mut guest, last, &done)?;
    guest.require_refused("su -s /bin/sh nobody -c 'snappy update'", "needs root")?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    require(&mut guest, "snappy rollback", &["(edge 2 ", " -> edge 1 "])?;
    guest.require_refused("snappy rollback", "reboot to use it")?;
    guest.reboot()?;
    // It was confirmed before: no trial, and nothing to wait for but the network.
    guest.expect_up(Slot::A)?;
    guest.expect_address()?;
    require(&mut guest, "snappy config hold", &["hold: forever"])?;
    let back = guest.run("snappy update-versions")?;
    ensure!(
        back.contains("somebody rolled this device back from it: 'snappy update' takes it now"),
        "after a rollback it says: {back}"
    );
    require(&mut guest, "snappy update", &[" -> edge 2 "])?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let source = Slot::B.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;
    let cause = Cause::rolled_back(Slot::B, Slot::A);
    Evidence::of_guest(&proof, &disk, &cause)
}

/// Runs the command, which has to succeed and say all of that.
fn require(guest: &mut Guest, command: &str, said: &[&str]) -> Result<()> {
    let output = guest.run(command)?;
    for words in said {
        ensure!(
            output.contains(words),
            "{command:?} does not say {words:?}:\n{output}"
        );
    }
    Ok(())
}
