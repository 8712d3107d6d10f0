//! What scenarios share that make the loader refuse `system-a`: `system-b` comes up.

use anyhow::Result;
use image_format::refusal::Refusal;
use image_format::{Event, Slot, Source};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::proof::Expected;

/// Boots `disk`: `system-a` must be refused for exactly `refusal`, which `snappy why`
/// names as `told`, and what the base disk has in `system-b` must run.
pub(super) fn from_refused_a(
    bench: &Bench<'_>,
    disk: &TestDisk,
    refusal: Refusal,
    told: Value,
) -> Result<Evidence> {
    let expected = bench.expected(Slot::B)?;
    from_refused_a_to(bench, disk, refusal, told, expected)
}

/// As [`from_refused_a`], with something else in `system-b`.
pub(super) fn from_refused_a_to(
    bench: &Bench<'_>,
    disk: &TestDisk,
    refusal: Refusal,
    told: Value,
    expected: Expected,
) -> Result<Evidence> {
    let mut guest = bench.start(disk)?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    let refused = Cause::refused(Source::Slot(Slot::A), refusal, told);
    let fell_back = Cause::new(
        json!({"kind": "fell-back", "from": "system-a", "to": "system-b"}),
        |event| {
            let to = Source::Slot(Slot::B);
            *event == Event::FellBack { from: Slot::A, to }
        },
    );
    let refused = Evidence::of_guest(&proof, disk, &refused)?;
    Ok(refused.and(Evidence::of_guest(&proof, disk, &fell_back)?))
}
