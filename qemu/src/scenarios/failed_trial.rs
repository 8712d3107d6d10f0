//! What scenarios share whose trial in `system-a` fails: `system-b` comes up and judges it.

use anyhow::{Result, ensure};
use image_builder::SystemImage;
use image_format::{BootNumber, Slot, SlotStatus, Verdict};

use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;

const PANIC: &str = "Kernel panic - not syncing";

/// Puts `system` on trial; it must fail for `cause`, and for a reason that begins with
/// `reason`.
pub(super) fn of(
    bench: &Bench<'_>,
    system: &SystemImage,
    cause: &Cause,
    reason: &'static str,
) -> Result<Evidence> {
    let disk = bench.disk()?;
    let hash = bench.install(&disk, Slot::A, system)?;
    let mut guest = bench.start(&disk)?;
    // What some of them die of.
    guest.allow(PANIC);
    let judged = Cause::judged(Slot::A, Verdict::Failed, reason);
    let evidence = ends_in_b(bench, &disk, guest, &[cause, &judged])?;
    let boots = disk.read_state()?.boot_number;
    ensure!(boots == BootNumber(2), "it took {boots} boots instead of 2");
    let failed = disk.failed_releases()?;
    ensure!(
        failed.iter().any(|release| release.manifest_hash == hash),
        "the failed release is not remembered"
    );
    Ok(evidence)
}

/// `system-b` must come up and tell `causes`; nothing of `system-a` may be confirmed.
pub(super) fn ends_in_b(
    bench: &Bench<'_>,
    disk: &TestDisk,
    mut guest: Guest,
    causes: &[&Cause; 2],
) -> Result<Evidence> {
    guest.expect(&format!("twinkeel: {} version ", Slot::B))?;
    guest.expect_confirmed(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    guest.power_off()?;
    let status = disk.read_state()?.slot(Slot::A).status;
    ensure!(status == SlotStatus::Exhausted, "system-a is {status}");
    let [first, second] = causes;
    let first = Evidence::of_guest(&proof, disk, first)?;
    Ok(first.and(Evidence::of_guest(&proof, disk, second)?))
}
