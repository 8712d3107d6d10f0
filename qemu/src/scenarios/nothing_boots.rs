//! A device with nothing left to boot, not even the rescue system.

use anyhow::Result;
use image_format::refusal::{PartName, Refusal};
use image_format::{Event, Slot, Source};
use serde_json::json;

use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nothing-boots",
    behaviour: "nothing boots: says why on the console, records it, and tries again later",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    rescue::ruin_slots(&disk)?;
    disk.flip_bit(Source::Rescue, Spot::Initrd)?;

    let mut guest = bench.start(&disk)?;
    guest.expect("cannot boot: no source has a usable system")?;
    guest.expect("trying again in")?;
    let console = guest.heard();
    guest.pull_the_plug()?;

    let refusal_of_rescue = Refusal::Digest {
        part: PartName::Initrd,
    };
    let [refusal_of_a, refusal_of_b] = rescue::refusals();
    let refused = [
        (Source::Slot(Slot::A), refusal_of_a),
        (Source::Slot(Slot::B), refusal_of_b),
        (Source::Rescue, refusal_of_rescue),
    ];
    let nothing = Cause::new(json!({"kind": "nothing-boots"}), |event| {
        *event == Event::NothingBoots
    });
    let mut evidence = Evidence::of_halt(&console, "trying again in", &disk, &nothing)?;
    for (source, refusal) in refused {
        let reason = format!("{source}: {refusal}");
        let cause = Cause::refused(source, refusal, json!({}));
        evidence = evidence.and(Evidence::of_halt(&console, &reason, &disk, &cause)?);
    }
    Ok(evidence)
}
