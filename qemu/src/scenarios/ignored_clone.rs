//! A second disk with the same layout and identity, behind the device's own.

use super::two_disks::{ClonePlace, boot_beside_clone};
use super::{Scenario, Tier};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ignored-clone",
    behaviour: "an older clone as second disk is neither used nor written",
    tier: Tier::Everyday,
    run: |bench| boot_beside_clone(bench, ClonePlace::Behind),
};
