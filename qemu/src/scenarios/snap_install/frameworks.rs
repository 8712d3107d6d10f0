//! A framework, an app that needs it, and a device node that a person grants.

use anyhow::Result;

use super::expect;
use crate::guest::Guest;
use crate::small_snap::SmallSnap;

const BROKER: SmallSnap<'static> = SmallSnap {
    directory: "/run/broker",
    files: &[
        (
            "meta/snap.yaml",
            "name: broker\nversion: 1\nframework: {offers: [bus]}\nslots: {bus: }\n\
             apps: {daemon: {command: bin/daemon, daemon: oneshot}}\n",
        ),
        (
            "bin/daemon",
            "#!/bin/sh\necho the bus greets > /run/snap.broker/bus/greeting\n",
        ),
    ],
};

const ASKER: SmallSnap<'static> = SmallSnap {
    directory: "/run/asker",
    files: &[
        (
            "meta/snap.yaml",
            "name: asker\nversion: 1\nframeworks: [broker]\n\
             plugs: {jobs: {framework: broker, slot: bus}}\n\
             apps: {asker: {command: bin/ask, plugs: [jobs]}, opener: {command: bin/open}}\n",
        ),
        ("bin/ask", "#!/bin/sh\ncat /run/snap.broker/bus/greeting\n"),
        (
            "bin/open",
            "#!/bin/sh\nexec 3< \"$1\" && echo \"opened $1\"\n",
        ),
    ],
};

/// A node that every board has, and that does nothing when it is opened.
const NODE: &str = "/dev/loop-control";

/// Leaves nothing of them.
pub(super) fn run(guest: &mut Guest) -> Result<()> {
    ASKER.make(guest)?;
    guest.require_refused(
        &ASKER.install_command(),
        "it needs the framework \"broker\", which is not installed",
    )?;
    BROKER.install(guest)?;
    guest.run(&ASKER.install_command())?;
    expect(guest, "sudo asker", "the bus greets")?;
    // The same snap, without the plug.
    guest.require_refused(
        "sudo asker.opener /run/snap.broker/bus/greeting",
        "can't open /run/snap.broker/bus/greeting: no such file",
    )?;
    guest.require_refused(
        "snappy remove broker",
        "cannot remove \"broker\": needed by asker; remove what needs it first",
    )?;
    assign(guest)?;
    guest.run("snappy purge asker && snappy purge broker")?;
    Ok(())
}

fn assign(guest: &mut Guest) -> Result<()> {
    let open = format!("sudo asker.opener {NODE}");
    let absent = format!("can't open {NODE}: no such file");
    guest.require_refused(&open, &absent)?;
    expect(
        guest,
        &format!("snappy hw-assign asker {NODE} 2> /dev/null"),
        &format!("'asker' is now allowed to access '{NODE}'"),
    )?;
    expect(guest, &open, &format!("opened {NODE}"))?;
    expect(
        guest,
        &format!("snappy hw-unassign asker {NODE} 2> /dev/null"),
        &format!("'asker' is no longer allowed to access '{NODE}'"),
    )?;
    guest.require_refused(&open, &absent)
}
