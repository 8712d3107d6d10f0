//! A service of a snap on a device: confined, limited, started again, logged, stopped.

use anyhow::{Result, ensure};
use boards::Architecture;
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "snap-services",
    behaviour: "a snap's service runs confined, and comes back when it or its supervisor is killed",
    tier: Tier::Everyday,
    run,
};

/// A snap as a store would bring it, in memory.
const SNAP: &str = "mount -t tmpfs snaps /snap && mkdir -p /snap/probe/1/meta /snap/probe/1/bin && \
    ln -s 1 /snap/probe/current && \
    printf 'name: probe\\nversion: 1\\napps:\\n  web:\\n    command: bin/web\\n    \
    daemon: simple\\n' > /snap/probe/1/meta/snap.yaml && \
    printf '#!/bin/sh\\necho serving as $(id -u)\\nexec sleep 100000\\n' \
    > /snap/probe/1/bin/web && chmod 755 /snap/probe/1/bin/web";

const GROUP: &str = "/sys/fs/cgroup/snaps/probe";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run(SNAP)?;
    let lines = |number| {
        format!(
            "until [ $(snappy service probe.web logs | grep -c 'serving as 20000') = {number} ]; \
             do sleep 1; done"
        )
    };
    guest.run("snappy service probe start")?;
    guest.run(&lines(1))?;
    let limit = guest.run(&format!("cat {GROUP}/memory.max {GROUP}/pids.max"))?;
    ensure!(!limit.contains("max"), "the snap has no limits: {limit}");
    match bench.world().board().architecture {
        // Reaching a limit would be the end of its kernel.
        Architecture::Armv7 => {
            guest.run(&format!("! grep -s . {GROUP}/io.max"))?;
        }
        _ => keeps_from_disk(&mut guest)?,
    }

    // The app or its first process, of which neither outlives the other.
    guest.run(&format!("kill -9 $(head -n 1 {GROUP}/web/cgroup.procs)"))?;
    guest.run(&lines(2))?;
    guest.run("kill -9 $(ps -o pid,args | grep '[t]winkeel/snap-services' | awk '{print $1}')")?;
    guest.run(&lines(3))?;
    let listed = guest.run("snappy service")?;
    let is_running = |line: &str| line.starts_with("probe.web") && line.contains("running");
    ensure!(listed.lines().any(is_running), "{listed}");

    guest.run("snappy service probe stop")?;
    let left = guest.run(&format!("cat {GROUP}/web/cgroup.procs 2>/dev/null | wc -l"))?;
    ensure!(left == "0", "{left} processes are left");
    guest.require_refused("snappy service other start", "cannot find the snap other")?;

    let expected = bench.expected(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

/// The limit is of what `writable` lies on, what the snap writes counts there, and what it
/// writes too fast waits: 1 MiB at an eighth of that a second.
fn keeps_from_disk(guest: &mut Guest) -> Result<()> {
    let disk = guest.run("awk '$5 == \"/writable\" { print $3 }' /proc/self/mountinfo")?;
    let limit = guest.run(&format!("cat {GROUP}/io.max"))?;
    let usual = format!("{disk} rbps=209715200 wbps=104857600 riops=10000 wiops=5000");
    ensure!(limit == usual, "another limit of the disk: {limit}");
    let took = guest.run(&format!(
        "echo '{disk} wbps=131072' > {GROUP}/io.max; a=$(cut -d. -f1 /proc/uptime); \
         sh -c 'echo $$ > {GROUP}/web/cgroup.procs; \
         dd if=/dev/zero of=/writable/slow bs=64k count=16 conv=fsync 2>/dev/null'; \
         b=$(cut -d. -f1 /proc/uptime); rm /writable/slow; echo '{usual}' > {GROUP}/io.max; \
         echo $((b - a))"
    ))?;
    ensure!(
        took.parse::<u32>().is_ok_and(|secs| secs >= 6),
        "1 MiB took {took} s"
    );
    Ok(())
}
