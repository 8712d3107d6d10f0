//! The power may be lost at any write.

use std::fs;

use anyhow::Result;

use super::{Scenario, Tier, rollback};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::replay::recording::{Recorded, Story, record};
use crate::replay::{replay, sample};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "every-write-replayed",
    behaviour: "power lost at any write of boot, trial, confirm and rollback: it boots",
    tier: Tier::Everyday,
    run,
};

/// States that are started in a machine, too.
const SAMPLE: usize = 2;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let story = Story::FirstDay;
    let Recorded { recording, proof } = record(bench, story)?;
    let (world, after) = (bench.world(), &recording.after);
    let keyring = world.keys().signed_keyring();
    let account = replay(&recording, story, world.board(), keyring)?;
    fs::write(bench.directory().join("account"), account.to_string())?;
    account.require_kept()?;
    for chosen in sample::choose(&account, SAMPLE) {
        sample::boot(bench, &recording, &chosen)?;
    }
    Evidence::of_guest(&proof, after, &rollback::requested())
}
