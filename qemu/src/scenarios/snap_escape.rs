//! What is confined tries to get out: every attempt, made outside and inside.

use std::fs;

use anyhow::{Context, Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::ext4::Ext4;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "snap-escape",
    behaviour: "attempts to leave the confinement succeed outside and are refused inside; the device stays healthy",
    tier: Tier::Everyday,
    run,
};

/// Fewer would mean that the suite, or the kernel under test, lacks something.
const AT_LEAST: usize = 80;

/// A snap as a store would bring it, in memory.
const SNAP: &str = "mount -t tmpfs snaps /snap && mkdir -p /snap/probe/1/meta /snap/probe/1/bin && \
    ln -s 1 /snap/probe/current && \
    printf 'name: probe\\nversion: 1\\napps:\\n  probe:\\n    command: bin/probe\\n' \
    > /snap/probe/1/meta/snap.yaml && \
    printf '#!/bin/sh\\nid -u\\necho kept > $SNAP_DATA/kept\\nexec grep CapEff /proc/self/status\\n' \
    > /snap/probe/1/bin/probe && chmod 755 /snap/probe/1/bin/probe";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let suite = bench.directory().join("escape-suite");
    fs::write(&suite, bench.world().device_program("escape-suite")?)?;
    let disk = bench.disk()?;
    Ext4::writable_of(&disk)?.write(&suite, "/escape-suite")?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;

    guest.run("cp /writable/escape-suite /run/ && chmod 755 /run/escape-suite")?;
    // It takes longer than an answer may: a file is asked until its last line is there.
    guest.run(
        "(/run/escape-suite run /var/escape --limits; echo ended) >/run/escape.log 2>&1 & true",
    )?;
    let last = wait_for_end(&mut guest)?;
    let told = guest.run("cat /run/escape.log")?;
    let (made, refused) = last
        .strip_prefix("attempts=")
        .and_then(|rest| rest.split_once(" refused="))
        .with_context(|| format!("the suite did not come to its end:\n{told}"))?;
    ensure!(made == refused, "{last}:\n{told}");
    ensure!(made.parse::<usize>()? >= AT_LEAST, "{last}:\n{told}");
    println!("  {last}");

    guest.run(SNAP)?;
    let said = guest.run("snap-run probe")?.replace('\r', "");
    ensure!(
        said == "20000\nCapEff:\t0000000000000000",
        "a snap says {said:?}"
    );
    let listed = guest.run("snappy service snappyd --json")?;
    ensure!(listed.contains("\"starts\":1"), "the daemon: {listed}");
    // No program of the image gets rights by being started.
    let set_id = guest.run("find / -xdev -perm /6000 -type f")?;
    ensure!(set_id.is_empty(), "set-id programs: {set_id}");

    let expected = bench.expected(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn wait_for_end(guest: &mut Guest) -> Result<String> {
    let wait = "for i in $(seq 90); do grep -q ^ended /run/escape.log && break; sleep 1; done";
    for _ in 0..5 {
        guest.run(wait)?;
        let end = guest.run("tail -n 2 /run/escape.log")?.replace('\r', "");
        if let Some((last, "ended")) = end.split_once('\n') {
            return Ok(last.to_owned());
        }
    }
    guest.run("tail -n 1 /run/escape.log")
}
