//! An initrd that never gets anywhere: the list that PID 1 reads first is a terminal, before
//! PID 1 guards itself.

use anyhow::Result;
use image_format::ResetCause;

use super::{Scenario, Tier, failed_trial};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};
use crate::initrd;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "initrd-hangs",
    behaviour: "a PID 1 that hangs before it guards itself: the hardware watchdog brings the device back",
    tier: Tier::Full,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let link = initrd::Addition::Link {
        path: "lib/modules/early",
        target: "/dev/console",
    };
    let hanging = bench.with_initrd_addition(&link)?;
    let cause = Cause::ended_silently(ResetCause::Watchdog);
    failed_trial::of(bench, &hanging, &cause, "it hung")
}
