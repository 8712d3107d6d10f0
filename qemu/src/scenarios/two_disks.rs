//! What scenarios share in which a second disk has the same layout and identity.

use anyhow::{Result, ensure};
use image_format::{BootNumber, Slot, SlotStatus};

use super::confirmed;
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::disk::{Spot, TestDisk};
use crate::evidence::Evidence;

/// Where the clone is on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClonePlace {
    Before,
    Behind,
}

/// Boots the device beside a clone of an older state, whose `system-a` is damaged and
/// which would boot `system-b`. Nothing of the clone may be used or written.
pub(super) fn boot_beside_clone(bench: &Bench<'_>, place: ClonePlace) -> Result<Evidence> {
    let disk = bench.disk()?;
    let clone = disk.copy_to(&bench.directory().join("clone.img"))?;
    clone.flip_bit(Slot::A, Spot::Root)?;
    clone.change_state(|state| {
        state.active = Slot::B;
        state.slot_mut(Slot::A).status = SlotStatus::Exhausted;
        state.slot_mut(Slot::B).status = SlotStatus::Confirmed;
    })?;
    disk.change_state(|state| state.boot_number = BootNumber(7))?;
    let clone_before = clone.read_state()?;

    let expected = bench.expected(Slot::A)?;
    let mut guest = bench.start_with(drives(bench, &disk, &clone, place))?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    ensure!(proof.boot_number == 8, "this is boot {}", proof.boot_number);
    guest.power_off()?;

    ensure!(clone.read_state()? == clone_before, "the clone was changed");
    ensure!(clone.read_flight()?.is_empty(), "the clone was written to");
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn drives(bench: &Bench<'_>, disk: &TestDisk, clone: &TestDisk, place: ClonePlace) -> Vec<Drive> {
    let board = bench.world().board();
    let disk = Drive::of_board(board, disk.image(), Boot::First);
    let clone = Drive::of_board(board, clone.image(), Boot::Unordered);
    match place {
        ClonePlace::Before => vec![clone, disk],
        ClonePlace::Behind => vec![disk, clone],
    }
}
