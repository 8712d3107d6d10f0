//! A second opinion on what the simulator of power cuts says: a model checker goes through
//! every state that a device can come to by the pure functions that are shipped, with
//! losses of power without end. Bytes, caches and torn sectors are the simulator's.

mod device;
mod loader;
mod model;
mod promises;

use device::{Budget, Image, Kind};
use image_format::SlotStatus;
use model::{Twinkeel, device as device_with};
use stateright::{Checker, HasDiscoveries, Model};

const NO_FAULTS: Budget = Budget {
    lost_copies: 0,
    damaged_roots: 0,
    releases: 0,
};

const TRIAL: SlotStatus = SlotStatus::Trial {
    attempts_left: 3,
    attempts_given: 3,
};

fn check(what: &str, model: Twinkeel, least_states: usize) {
    let checker = model
        .checker()
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    println!(
        "{what}: {} unique states, depth {}",
        checker.unique_state_count(),
        checker.max_depth()
    );
    checker.assert_properties();
    assert!(
        checker.unique_state_count() >= least_states,
        "hardly anything was tried"
    );
}

/// Every pair of images, with the second one on trial, never tried, confirmed or used up.
#[test]
fn two_slots_that_may_hold_anything() {
    let kinds = [
        Kind::Good,
        Kind::Corrupt,
        Kind::Hangs,
        Kind::Unhealthy,
        Kind::DiesAfterConfirm,
    ];
    let mut devices = Vec::new();
    for a in [Kind::Good, Kind::Corrupt, Kind::DiesAfterConfirm] {
        for b in kinds {
            for status in [TRIAL, SlotStatus::Installed, SlotStatus::Exhausted] {
                let (a, b) = (Image::new(1, a, 1).confirmed(), Image::new(2, b, 2));
                devices.push(device_with(a, b, status, NO_FAULTS));
            }
        }
    }
    let releases = Vec::new();
    check("any two images", Twinkeel { devices, releases }, 1000);
}

/// A release comes, and whatever it is, the power may go away at every step.
#[test]
fn a_release_is_staged() {
    let a = Image::new(1, Kind::Good, 1).confirmed();
    let b = Image::new(2, Kind::Good, 1);
    let budget = Budget {
        releases: 1,
        ..NO_FAULTS
    };
    let devices = vec![device_with(a, b, SlotStatus::Installed, budget)];
    let releases = vec![Kind::Good, Kind::Hangs, Kind::DiesAfterConfirm];
    check("a release", Twinkeel { devices, releases }, 1000);
}

/// One copy of the state is lost, or both, or a root.
#[test]
fn a_copy_of_the_state_is_lost_or_a_root() {
    let faults = [
        Budget {
            lost_copies: 1,
            ..NO_FAULTS
        },
        Budget {
            damaged_roots: 1,
            ..NO_FAULTS
        },
    ];
    let mut devices = Vec::new();
    for budget in faults {
        for b in [Kind::Good, Kind::Hangs] {
            let (a, b) = (
                Image::new(1, Kind::Good, 1).confirmed(),
                Image::new(2, b, 2),
            );
            devices.push(device_with(a, b, TRIAL, budget));
        }
    }
    let releases = Vec::new();
    check("faults", Twinkeel { devices, releases }, 1000);
}
