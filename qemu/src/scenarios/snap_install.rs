//! A snap is installed from a file, refreshed, rolled back, and survives a reboot, and its
//! service with it; a block of it that changes on the disk is an error for whoever reads it,
//! and for nobody else.

use anyhow::{Result, ensure};
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "snap-install",
    behaviour: "a snap from a file: mounted verified, its service runs, refreshed and rolled back with its data; a changed block does not read",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let manifest = bench.install(&disk, Slot::A, bench.world().system())?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let installed = install(&mut guest, 1)?;
    ensure!(
        installed.contains("hello  sideload  1 "),
        "it says {installed}"
    );
    serves(&mut guest, 1)?;
    let greeting = guest.run("/snap/bin/hello")?;
    ensure!(greeting.starts_with("hello 1 as 2"), "it says {greeting}");
    // The kernel's table of mounts, and not ours.
    let mount = guest.run("grep ' /snap/hello/x1 ' /proc/mounts")?;
    ensure!(
        mount.starts_with("/dev/dm-") && mount.contains(" squashfs ro,nosuid,nodev"),
        "it is mounted as {mount}"
    );
    guest.require_refused("touch /snap/hello/current/new", "Read-only file system")?;
    guest.run("echo one > /var/snap/hello/current/data")?;
    install(&mut guest, 2)?;
    guest.run("echo two >> /var/snap/hello/current/data")?;
    expect(&mut guest, "cat /var/snap/hello/current/data", "one\ntwo")?;
    for current in ["/snap/hello/current", "/var/snap/hello/current"] {
        expect(&mut guest, &format!("readlink {current}"), "x2")?;
    }
    serves(&mut guest, 2)?;
    guest.run("snappy rollback hello")?;
    guest.reboot()?;
    guest.expect_up(Slot::A)?;
    guest.run("until [ -e /snap/hello/current/meta/snap.yaml ]; do sleep 1; done")?;
    expect(&mut guest, "cat /var/snap/hello/current/data", "one")?;
    serves(&mut guest, 1)?;
    expect(
        &mut guest,
        "grep version /snap/hello/current/meta/snap.yaml",
        "version: 1",
    )?;
    guest.run("cat /snap/hello/x1/noise /snap/hello/x2/noise > /dev/null")?;

    // A block changes on the disk, below the mount.
    let middle = "seek=20 bs=4096 count=1 conv=notrunc";
    guest.run(&format!(
        "dd if=/dev/zero of=/writable/snaps/hello/x1.snap {middle} && sync"
    ))?;
    // What the kernel says of it must not fall into the answers.
    guest.run("dmesg -n 1; echo 3 > /proc/sys/vm/drop_caches")?;
    guest.require_refused("md5sum /snap/hello/x1/noise", "Input/output error")?;
    guest.run("cat /snap/hello/x2/noise > /dev/null")?;

    expect(
        &mut guest,
        "snappy purge hello 2> /dev/null",
        "Purged hello",
    )?;
    expect(&mut guest, "ls /writable/snaps /var/snap /snap/bin", LEFT)?;
    expect(&mut guest, "ls /sys/block | grep -c dm-", "3")?;
    let proof = guest.prove(Expected {
        source: Slot::A.into(),
        manifest,
    })?;
    guest.power_off()?;
    let confirmed = Cause::new(json!({"kind": "confirmed", "slot": "system-a"}), |event| {
        matches!(event, Event::Confirmed { slot: Slot::A, .. })
    });
    Evidence::of_guest(&proof, &disk, &confirmed)
}

/// What a purged snap leaves: the state, and nothing of its own.
const LEFT: &str = "/snap/bin:\n\n/var/snap:\n\n/writable/snaps:\nstate.json";

/// Makes a snap of that version on the device, and installs it from its file.
fn install(guest: &mut Guest, version: u32) -> Result<String> {
    let tree = format!("/run/hello-{version}");
    guest.run(&format!("mkdir -p {tree}/meta {tree}/bin"))?;
    guest.run(&format!(
        "printf 'name: hello\\nversion: {version}\\napps: {{hello: {{command: bin/hello}}, \
         web: {{command: bin/web, daemon: simple}}}}\\n' > {tree}/meta/snap.yaml"
    ))?;
    guest.run(&format!(
        "printf '#!/bin/sh\\necho version {version} serves\\nexec sleep 100000\\n' \
         > {tree}/bin/web && chmod 755 {tree}/bin/web"
    ))?;
    guest.run(&format!(
        "printf '#!/bin/sh\\necho $SNAP_NAME $SNAP_VERSION as $(id -u)\\n' > {tree}/bin/hello && \
         chmod 755 {tree}/bin/hello"
    ))?;
    guest.run(&format!("head -c 300000 /dev/urandom > {tree}/noise"))?;
    let file = format!("/run/{version}.snap");
    guest.run(&format!("snappy build {tree} --output {file}"))?;
    guest.run(&format!("snappy install --allow-unauthenticated {file}"))
}

/// Waits until the last thing that the service says is that this version serves.
fn serves(guest: &mut Guest, version: u32) -> Result<()> {
    guest.run(&format!(
        "until snappy service hello.web logs | tail -n 1 | grep -q 'version {version} serves'; \
         do sleep 1; done"
    ))?;
    let listed = guest.run("snappy service")?;
    let runs = |line: &str| line.starts_with("hello.web") && line.contains("running");
    ensure!(listed.lines().any(runs), "{listed}");
    Ok(())
}

fn expect(guest: &mut Guest, command: &str, wanted: &str) -> Result<()> {
    let said = guest.run(command)?;
    ensure!(
        said == wanted,
        "`{command}` says {said:?} and not {wanted:?}"
    );
    Ok(())
}
