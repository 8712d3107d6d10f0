//! A properly signed system for another board.

use anyhow::Result;
use image_format::Slot;
use image_format::refusal::{BoardName, Refusal};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "wrong-board",
    behaviour: "a signed system for another board: boots the other slot",
    tier: Tier::EveryBoard,
    run,
};

const OTHER_BOARD: &str = "some-other-board";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let foreign = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.board = OTHER_BOARD.to_owned());
    bench.install(&disk, Slot::A, &foreign)?;
    let mut image = BoardName::new();
    // The name is short.
    let _ = image.push_str(OTHER_BOARD);
    let told = json!({"check": "wrong-board", "image": OTHER_BOARD});
    fall_back::from_refused_a(bench, &disk, Refusal::WrongBoard { image }, told)
}
