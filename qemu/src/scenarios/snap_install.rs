//! A snap is installed from a file, configured, refreshed, rolled back, and survives a reboot,
//! and its service with it unless somebody disabled that; frameworks and grants; a block of a
//! snap that changes on the disk is an error for whoever reads it, and for nobody else, and the
//! daemon makes good what it can.

mod frameworks;
mod migration;

use anyhow::{Result, ensure};
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;
use crate::proof::Expected;
use crate::small_snap::SmallSnap;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "snap-install",
    behaviour: "a snap from a file: mounted verified, its service runs, refreshed and rolled back with its data; a framework shares its slot; a changed block does not read",
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
    let greeting = guest.run("sudo hello")?;
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
    configure(&mut guest)?;
    migration::run(&mut guest)?;
    frameworks::run(&mut guest)?;
    guest.run("snappy rollback hello")?;
    expect(&mut guest, "snappy config hello", "seen: true")?;
    guest.run("snappy service hello.web disable")?;
    guest.reboot()?;
    guest.expect_up(Slot::A)?;
    guest.run("until [ -e /snap/hello/current/meta/snap.yaml ]; do sleep 1; done")?;
    expect(&mut guest, "cat /var/snap/hello/current/data", "one")?;
    // Started behind it.
    guest.run("until snappy service hello.late | grep -q running; do sleep 1; done")?;
    let listed = guest.run("snappy service hello.web")?;
    ensure!(
        listed.contains("stopped"),
        "it starts all the same: {listed}"
    );
    guest.run("snappy service hello.web enable && snappy service hello.web start")?;
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
    mended(&mut guest)?;

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

/// The daemon finds what the kernel met: it tells of a file that nobody else has, and makes a
/// tree again.
fn mended(guest: &mut Guest) -> Result<()> {
    guest
        .run("until snappy list | grep -q 'revision x1: its file is damaged'; do sleep 1; done")?;
    // The kernel keeps what it knows of a tree for as long as it is mounted.
    guest.run(
        "dd if=/dev/zero of=/writable/snaps/hello/x2.tree bs=4096 count=1 conv=notrunc && sync \
         && umount /snap/hello/x2",
    )?;
    guest.run("until cat /snap/hello/x2/noise > /dev/null 2>&1; do sleep 1; done")?;
    serves(guest, 1)
}

/// What a purged snap leaves: the state, and nothing of its own.
const LEFT: &str = "/snap/bin:\n\n/var/snap:\n\n/writable/snaps:\nstate.json";

/// Makes a snap of that version on the device, and installs it from its file.
fn install(guest: &mut Guest, version: u32) -> Result<String> {
    let directory = format!("/run/hello-{version}");
    guest.run(&format!(
        "mkdir {directory} && head -c 300000 /dev/urandom > {directory}/noise"
    ))?;
    let yaml = format!(
        "name: hello\nversion: {version}\napps: {{hello: {{command: bin/hello}}, \
         web: {{command: bin/web, daemon: simple}}, \
         late: {{command: bin/web, daemon: simple, after: [web]}}}}\n"
    );
    let web = format!("#!/bin/sh\necho version {version} serves\nexec sleep 100000\n");
    let snap = SmallSnap {
        directory: &directory,
        files: &[
            ("meta/snap.yaml", &yaml),
            ("meta/hooks/configure", CONFIGURE),
            ("bin/web", &web),
            ("bin/hello", HELLO),
        ],
    };
    snap.install(guest)
}

const HELLO: &str = "#!/bin/sh\necho $SNAP_NAME $SNAP_VERSION as $(id -u)\n";

/// Keeps what it reads and what it asks for, sets something, and refuses one value.
const CONFIGURE: &str = "#!/bin/sh\ncat > $SNAP_DATA/settings\n\
    snapctl get port > $SNAP_DATA/port || exit 2\nsnapctl set seen=true || exit 3\n\
    ! grep 99 $SNAP_DATA/settings\n";

/// The snap's hook reads what is set, and refuses one value.
fn configure(guest: &mut Guest) -> Result<()> {
    expect(guest, "snappy config hello port=80", "port: 80")?;
    let settings = "cat /var/snap/hello/current/settings";
    expect(guest, settings, "{\"port\":80,\"seen\":true}")?;
    expect(guest, "cat /var/snap/hello/current/port", "80")?;
    guest.require_refused(
        "snappy config hello port=99",
        "hook configure of hello ended with 1",
    )?;
    expect(guest, "snappy config hello", "port: 80\nseen: true")
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
