//! Somebody lowers the floor on the disk and puts an old release back.

use anyhow::{Result, ensure};
use image_format::refusal::Refusal;
use image_format::{Epoch, Event, Slot, SlotStatus, Source};
use serde_json::json;

use super::floors_raised::{NEW, install_both, put_old_release_back};
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "floors-disagree",
    behaviour: "a floor lowered on the disk: the firmware's variable refuses the old release all the same",
    tier: Tier::Everyday,
    run,
};

const OLD: Epoch = Epoch(1);

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let [_, fallback] = install_both(bench, &disk)?;
    // As confirmed by an earlier boot: the first one raises the floors.
    disk.change_state(|state| state.slot_mut(Slot::A).status = SlotStatus::Confirmed)?;
    let mut guest = bench.start(&disk)?;
    guest.expect("the floors rise to epoch 2")?;
    guest.expect_up(Slot::A)?;
    // Out of the running system's reach, even as root.
    let seen = guest.run("ls /sys/firmware/efi/efivars | grep -c -i -e Twinkeel -e BootOrder")?;
    ensure!(
        seen == "1",
        "Linux sees {seen} variables instead of the boot order alone"
    );
    guest.power_off()?;

    put_old_release_back(bench, &disk)?;
    disk.change_state(|state| state.floors.epoch = OLD)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::B)?;
    let slot = Slot::B;
    let manifest = fallback;
    let proof = guest.prove(Expected {
        source: slot.into(),
        manifest,
    })?;
    guest.power_off()?;
    ensure!(
        disk.read_state()?.floors.epoch == NEW,
        "the homes still disagree"
    );

    let refusal = Refusal::EpochBelowFloor {
        epoch: OLD,
        floor: NEW,
    };
    let told = json!({"check": "epoch-below-floor", "epoch": OLD, "floor": NEW});
    let refused = Cause::refused(Source::Slot(Slot::A), refusal, told);
    let disagreed = Cause::new(json!({"kind": "floors-disagreed"}), |event| {
        matches!(
            event,
            Event::FloorsDisagreed {
                state_epoch: OLD,
                variable_epoch: NEW,
                ..
            }
        )
    });
    let refused = Evidence::of_guest(&proof, &disk, &refused)?;
    Ok(refused.and(Evidence::of_guest(&proof, &disk, &disagreed)?))
}
