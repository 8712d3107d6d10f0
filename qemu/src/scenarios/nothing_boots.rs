//! A device with nothing left to boot.

use anyhow::Result;
use image_format::refusal::{PartName, Refusal};
use image_format::{Event, FrameError, Kind, Slot, Source};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "both-slots-bad",
    behaviour: "nothing boots: says why on the console, records it, and tries again later",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.flip_bit(Slot::A, Spot::Kernel)?;
    disk.flip_bit(Slot::B, Spot::Record(Kind::Manifest))?;

    let mut guest = bench.start(&disk)?;
    guest.expect("cannot boot: no source has a usable system")?;
    guest.expect("trying again in")?;
    let console = guest.heard();
    guest.pull_the_plug()?;

    let refusal_a = Refusal::Digest {
        part: PartName::Kernel,
    };
    let refusal_b = Refusal::damaged(Kind::Manifest, FrameError::Checksum);
    let reason_a = format!("{}: {refusal_a}", Slot::A);
    let reason_b = format!("{}: {refusal_b}", Slot::B);
    let cause_a = Cause::refused(Source::Slot(Slot::A), refusal_a, json!({}));
    let cause_b = Cause::refused(Source::Slot(Slot::B), refusal_b, json!({}));
    let nothing = Cause::new(json!({"kind": "nothing-boots"}), |event| {
        *event == Event::NothingBoots
    });
    let a = Evidence::of_halt(&console, &reason_a, &disk, &cause_a)?;
    let b = Evidence::of_halt(&console, &reason_b, &disk, &cause_b)?;
    let retry = Evidence::of_halt(&console, "trying again in", &disk, &nothing)?;
    Ok(a.and(b).and(retry))
}
