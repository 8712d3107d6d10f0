//! Services and hooks that work.

use anyhow::{Result, ensure};
use image_format::{Event, Slot};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "services-run",
    behaviour: "a release with services and a hook: confirmed once they are up; a killed one comes back",
    tier: Tier::Everyday,
    run,
};

const RUNNING: &str = "[f]aulty daemon|[s]leep 100000";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let manifest = bench.install(&disk, Slot::A, &bench.world().faulty(Fault::None)?)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let log = guest.run("snappy service web logs")?;
    ensure!(
        log == "at your service",
        "the log of the service holds {log:?}"
    );
    let find = format!("ps -o pid,args | grep -E '{RUNNING}' | awk '{{print $1}}'");
    let before = guest.run(&find)?;
    guest.run(&format!("kill -9 {before}"))?;
    let comes_back = "until [ $(grep -c service /var/log/services/web.log) = 2 ]; do sleep 1; done";
    guest.run(comes_back)?;
    let after = guest.run(&find)?;
    ensure!(
        !after.is_empty() && after != before,
        "{before:?} became {after:?}"
    );
    let listed = guest.run("snappy service web --json")?;
    ensure!(listed.contains("\"starts\":2"), "{listed}");
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
