//! A person who reboots in the middle of a trial.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, Verdict};
use serde_json::json;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::faulty::Fault;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "trial-interrupted",
    behaviour: "`reboot` before a trial has an outcome: falls back, and blames nobody",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    bench.install(&disk, Slot::A, &bench.world().faulty(Fault::Reboot)?)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    let interrupted = Cause::new(
        json!({"kind": "interrupted", "slot": "system-a"}),
        |event| *event == Event::Interrupted { slot: Slot::A },
    );
    let judged = Cause::judged(Slot::A, Verdict::Inconclusive, "a person ended it");
    let evidence = failed_trial::ends_in_b(bench, &disk, guest, &[&interrupted, &judged])?;
    ensure!(disk.failed_releases()?.is_empty(), "a release is blamed");
    Ok(evidence)
}
