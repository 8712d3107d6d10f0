//! Whether a release that the store lists is one for a device that cannot boot.

use crate::choice::{Listed, Situation, choose};
use crate::device::Verdict;
use crate::slots::Slots;
use image_format::{Digest, Slot};
use std::time::Duration;

/// What is asked beyond the listing.
pub(super) struct Conditions<'a> {
    pub(super) channel: &'a store_format::Channel,
    pub(super) machine_id: &'a str,
    pub(super) now_secs: u64,
    /// What a person went back from: never this one again, while an older one is what that
    /// person wanted.
    pub(super) rolled_back: Option<u64>,
}

/// The newest release that is offered to this device. Nothing runs, so none is too old; what
/// needs another version first may be taken if that one, or a newer, was here.
pub(super) fn choose_for_rescue<'a>(
    listed: &'a mut [Listed],
    slots: &Slots,
    conditions: &Conditions<'_>,
) -> (Vec<Verdict>, Option<&'a Listed>) {
    let was_here = last_version(slots);
    let left: Vec<Digest> = listed
        .iter()
        .filter(|one| Some(one.release.version) == conditions.rolled_back)
        .map(|one| one.manifest_hash)
        .collect();
    for one in &mut *listed {
        one.release.minimum_version = one
            .release
            .minimum_version
            .filter(|first| was_here < *first);
    }
    let here = slots.did_not_come_up().map(|(_, hash)| hash);
    let failed: Vec<_> = slots
        .failed
        .iter()
        .copied()
        .chain(left)
        .chain(here)
        .collect();
    let situation = Situation {
        board: &slots.report.board,
        product: &slots.report.product,
        channel: conditions.channel,
        running_version: 0,
        staged: None,
        failed: &failed,
        rolled_back: None,
        not_yet_again: None::<(Digest, Duration)>,
        now_secs: conditions.now_secs,
        machine_id: conditions.machine_id,
    };
    choose(listed, &situation)
}

/// The newest version of which this device knows that it was here.
fn last_version(slots: &Slots) -> u64 {
    let images = Slot::ALL.into_iter().filter_map(|slot| slots.image(slot));
    let newest = images.map(|image| image.version).max();
    newest.unwrap_or_default().max(slots.report.version.0)
}
