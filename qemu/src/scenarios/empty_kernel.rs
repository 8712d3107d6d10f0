//! A release whose kernel has no byte.

use anyhow::Result;
use image_format::refusal::{PartName, Refusal};
use image_format::{Digest, Slot};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "empty-kernel",
    behaviour: "a signed kernel of zero bytes: boots the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let empty = bench.world().system().with_manifest(|manifest| {
        manifest.kernel.length_bytes = 0;
        manifest.kernel.sha256 = Digest(image_trust::sha256(&[]).0);
    });
    bench.install(&disk, Slot::A, &empty)?;
    let refusal = Refusal::Bounds {
        part: PartName::Kernel,
    };
    let told = json!({"check": "bounds", "part": "kernel"});
    fall_back::from_refused_a(bench, &disk, refusal, told)
}
