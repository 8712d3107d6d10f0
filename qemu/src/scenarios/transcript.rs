//! What was typed when Snappy was shown in 2014, line by line, and what a device of today
//! says: a release and apps from a store, forth and back, and a root that nobody changes.

use std::fs;

use anyhow::{Result, ensure};
use image_format::Slot;

use super::maker::{Maker, of_version};
use super::walk::shows_a_comic;
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::{Forward, HOST_ADDRESS};
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::guest::Guest;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "transcript",
    behaviour: "info, versions, search, install, update and rollback as they were shown in 2014, a root that stays as it is, and a snap of the cloud-config",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let mut maker = Maker::new(bench)?;
    let system = bench.world().trusting(maker.trust()?)?;
    let disk = bench.disk()?;
    let manifest = bench.install(&disk, Slot::A, &of_version(&system, 1))?;
    maker.publish(&of_version(&system, 2), None)?;
    maker.publish_examples()?;
    let server = maker.serve()?;
    let settings = bench.directory().join("updates.toml");
    let store = format!("http://{HOST_ADDRESS}:{}", server.port());
    fs::write(
        &settings,
        format!("autopilot = \"off\"\nstore = [\"{store}\"]\n"),
    )?;
    let writable = Ext4::writable_of(&disk)?;
    writable.make_directory("/system")?;
    writable.write(&settings, "/system/updates.toml")?;

    seed(&writable, bench)?;

    let web = Forward::to(80)?;
    let mut guest = bench.start_forwarded(&disk, &[web])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.expect_address()?;

    says(
        &mut guest,
        "snappy info",
        &["release: twinkeel/edge", "version: 1"],
    )?;
    says(
        &mut guest,
        "snappy versions -a",
        &["Part ", "system  edge  1 "],
    )?;
    let found = says(
        &mut guest,
        "snappy search webserver",
        &["xkcd-webserver ", "serves a comic"],
    )?;
    ensure!(!found.contains("hollywood"), "{found}");
    says(
        &mut guest,
        "snappy install xkcd-webserver",
        &["xkcd-webserver  edge  1.0 "],
    )?;
    shows_a_comic(&mut guest, web)?;
    looks_busy_and_is_not(&mut guest)?;
    // Nobody typed this one.
    guest.run("until snappy list | grep -q rust-example-webserver; do sleep 1; done")?;
    says(
        &mut guest,
        "snappy config rust-example-webserver",
        &["gateway"],
    )?;
    says(
        &mut guest,
        "snappy update",
        &["(edge 1 ", " -> edge 2 ", "Reboot to try"],
    )?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    says(
        &mut guest,
        "snappy versions -a",
        &["system  edge  2 ", "system  edge  1 "],
    )?;
    guest.expect_address()?;
    shows_a_comic(&mut guest, web)?;
    says(&mut guest, "snappy rollback", &["(edge 2 ", " -> edge 1 "])?;
    guest.reboot()?;
    guest.expect_up(Slot::A)?;
    guest.expect_address()?;
    shows_a_comic(&mut guest, web)?;
    let read_only = "Read-only file system";
    guest.require_refused("touch /foo", read_only)?;
    guest.require_refused("rm -f /usr/bin/snappy", read_only)?;
    guest.require_refused("apt-get update", "snappy")?;

    let source = Slot::A.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;
    let cause = Cause::rolled_back(Slot::B, Slot::A);
    Evidence::of_guest(&proof, &disk, &cause)
}

/// The flasher does it: a snap of the store, and what is set of it.
fn seed(writable: &Ext4, bench: &Bench<'_>) -> Result<()> {
    const SEED: &str = "/system/var/lib/cloud/seed/nocloud";
    const USER_DATA: &str = "#cloud-config
snappy: {packages: [rust-example-webserver], config: {rust-example-webserver: {title: gateway}}}
";
    for (at, _) in SEED.match_indices('/').skip(2).chain([(SEED.len(), "")]) {
        writable.make_directory(&SEED[..at])?;
    }
    for (name, content) in [
        ("user-data", USER_DATA),
        ("meta-data", "instance-id: i-1\n"),
    ] {
        let file = bench.directory().join(name);
        fs::write(&file, content)?;
        writable.write(&file, &format!("{SEED}/{name}"))?;
    }
    Ok(())
}

/// It shows pictures until Ctrl-C, and keeps nothing.
fn looks_busy_and_is_not(guest: &mut Guest) -> Result<()> {
    says(
        guest,
        "snappy install hollywood",
        &["hollywood  edge  1.0 "],
    )?;
    guest.interrupt("hollywood")?;
    guest.require_refused("touch /snap/hollywood/current/foo", "Read-only file system")?;
    let kept = guest.run("find /var/snap/hollywood/ -type f")?;
    ensure!(kept.is_empty(), "it keeps {kept}");
    Ok(())
}

/// Runs the command, which has to succeed and say all of that.
fn says(guest: &mut Guest, command: &str, words: &[&str]) -> Result<String> {
    let output = guest.run(command)?;
    for words in words {
        ensure!(
            output.contains(words),
            "{command:?} does not say {words:?}:\n{output}"
        );
    }
    Ok(output)
}
