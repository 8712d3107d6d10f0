//! A second disk with the same layout and identity, before the device's own.

use super::two_disks::{ClonePlace, boot_beside_clone};
use super::{Scenario, Tier};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ignored-clone-first",
    behaviour: "the loader's own disk counts, not the first one on the bus",
    tier: Tier::Everyday,
    run: |bench| boot_beside_clone(bench, ClonePlace::Before),
};
