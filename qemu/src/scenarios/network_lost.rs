//! A release that loses the network, and a network that is lost to every release.

use anyhow::{Result, ensure};
use image_format::{Slot, SlotStatus, Verdict};

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;

pub(super) const BY_RELEASE: Scenario = Scenario {
    name: "network-lost",
    behaviour: "a release without a driver for the network: falls back, and the release is to blame",
    tier: Tier::Everyday,
    run: lost_by_release,
};

pub(super) const BY_CABLE: Scenario = Scenario {
    name: "network-unplugged",
    behaviour: "a cable pulled during a trial: falls back, and the release is not to blame",
    tier: Tier::Everyday,
    run: lost_by_cable,
};

fn lost_by_release(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = with_baseline(bench)?;
    let lacking = bench.world().system().with_manifest(|manifest| {
        manifest
            .command_line
            .push_str(" module_blacklist=virtio_net")
    });
    let hash = bench.install(&disk, Slot::A, &lacking)?;
    put_on_trial(&disk)?;
    let guest = bench.start_networked(&disk)?;
    let evidence = judged(
        bench,
        &disk,
        guest,
        Verdict::Failed,
        "it failed the health check",
    )?;
    ensure!(
        disk.failed_releases()?
            .iter()
            .any(|release| release.manifest_hash == hash)
    );
    Ok(evidence)
}

fn lost_by_cable(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = with_baseline(bench)?;
    put_on_trial(&disk)?;
    let mut guest = bench.start_networked(&disk)?;
    guest.expect("twinkeel: starting system-a")?;
    guest.unplug_network()?;
    let evidence = judged(
        bench,
        &disk,
        guest,
        Verdict::Inconclusive,
        "it lost the network",
    )?;
    ensure!(disk.failed_releases()?.is_empty(), "a release is blamed");
    Ok(evidence)
}

/// A disk whose confirmed system has had the network.
fn with_baseline(bench: &Bench<'_>) -> Result<TestDisk> {
    let disk = bench.disk()?;
    disk.change_state(|state| {
        state.active = Slot::B;
        state.slot_mut(Slot::A).status = SlotStatus::Installed;
        state.slot_mut(Slot::B).status = SlotStatus::Confirmed;
    })?;
    let mut guest = bench.start_networked(&disk)?;
    guest.expect_up(Slot::B)?;
    let wait = "until grep -q inet6 /writable/system/network-baseline.json; do sleep 1; done";
    guest.run(wait)?;
    guest.power_off()?;
    Ok(disk)
}

fn put_on_trial(disk: &TestDisk) -> Result<()> {
    disk.change_state(|state| {
        state.slot_mut(Slot::A).status = SlotStatus::Trial {
            attempts_left: 1,
            attempts_given: 1,
        };
    })
}

fn judged(
    bench: &Bench<'_>,
    disk: &TestDisk,
    mut guest: Guest,
    verdict: Verdict,
    reason: &'static str,
) -> Result<Evidence> {
    guest.expect_up(Slot::A)?;
    guest.expect("twinkeel: error: check network: ")?;
    guest.expect_up(Slot::B)?;
    guest.expect(match verdict {
        Verdict::Failed => "failed its trial: ",
        Verdict::Inconclusive => "says nothing about the release: ",
    })?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    guest.power_off()?;
    let failed = Cause::check_failed(Slot::A, "network");
    let failed = Evidence::of_guest(&proof, disk, &failed)?;
    let judged = Cause::judged(Slot::A, verdict, reason);
    Ok(failed.and(Evidence::of_guest(&proof, disk, &judged)?))
}
