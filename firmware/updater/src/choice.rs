//! Which release a device takes by itself: a pure function of what the store lists and what
//! the device is.

use crate::device::{Reason, Verdict};
use image_format::Digest;
use image_trust::sha256;
use std::time::Duration;
use store_format::{Asker, Channel, Draw, NotOffered, SystemRelease};

/// A release as the store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its target's name.
    pub name: String,
    /// Where its file lies below `targets/`, percent-encoded.
    pub path: String,
    /// How long the file is.
    pub length_bytes: u64,
    /// Of its manifest's frame: by that name the device knows it.
    pub manifest_hash: Digest,
    /// What the store says of it.
    pub release: SystemRelease,
    /// Patches that lead to it.
    pub patches: Vec<ListedPatch>,
}

/// A patch as the store lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPatch {
    /// The manifest of the release that it starts from.
    pub from: Digest,
    /// Where its file lies below `targets/`, percent-encoded.
    pub path: String,
}

impl Listed {
    /// The patch for devices that run `manifest`.
    #[must_use]
    pub fn patch_from(&self, manifest: &Digest) -> Option<&ListedPatch> {
        self.patches.iter().find(|patch| patch.from == *manifest)
    }
}

/// What a device is, as far as the choice goes.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The board.
    pub board: &'a str,
    /// The product line.
    pub product: &'a str,
    /// The channel that it follows.
    pub channel: &'a Channel,
    /// What runs.
    pub running_version: u64,
    /// What waits for a reboot.
    pub staged: Option<Image>,
    /// Releases that failed on this device.
    pub failed: &'a [Digest],
    /// The newest release that a person rolled back: it and what is older is held.
    pub rolled_back: Option<u64>,
    /// A release whose trial ended without a verdict, and how long it has to wait.
    pub not_yet_again: Option<(Digest, Duration)>,
    /// The present, or a lower bound of it.
    pub now_secs: u64,
    /// machine-id(5).
    pub machine_id: &'a str,
}

/// An image by its name and age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its version.
    pub version: u64,
    /// Of its manifest's frame.
    pub manifest_hash: Digest,
}

/// A device's lot for a release: SHA-256 of the machine's id as text, followed by the 32
/// bytes of the manifest's hash.
#[must_use]
pub fn draw(machine_id: &str, manifest_hash: &Digest) -> Draw {
    let text = [machine_id.as_bytes(), &manifest_hash.0].concat();
    Draw::from_digest(&sha256(&text).0)
}

/// A verdict for each release, and which one is taken: the newest of those that are offered.
#[must_use]
pub fn choose<'a>(
    listed: &'a [Listed],
    device: &Situation<'_>,
) -> (Vec<Verdict>, Option<&'a Listed>) {
    let verdict = |one: &Listed| match judge(one, device) {
        Ok(()) => Verdict::Offered,
        Err(reason) => Verdict::NotOffered(reason),
    };
    let mut verdicts: Vec<_> = listed.iter().map(verdict).collect();
    let offered = listed.iter().zip(&verdicts);
    let offered = offered.filter(|(_, verdict)| **verdict == Verdict::Offered);
    let chosen = offered
        .map(|(one, _)| one)
        .max_by_key(|one| one.release.version);
    for (one, verdict) in listed.iter().zip(&mut verdicts) {
        let is_other = chosen.is_some_and(|chosen| chosen.name != one.name);
        if *verdict == Verdict::Offered && is_other {
            *verdict = Verdict::NotOffered(Reason::NotNewest);
        }
    }
    (verdicts, chosen)
}

fn judge(one: &Listed, device: &Situation<'_>) -> Result<(), Reason> {
    let hash = &one.manifest_hash;
    if device
        .staged
        .is_some_and(|staged| staged.manifest_hash == *hash)
    {
        return Err(Reason::Staged);
    }
    let staged = device.staged.map(|staged| staged.version);
    let asker = Asker {
        board: device.board,
        channel: device.channel,
        version: device.running_version,
        draw: draw(device.machine_id, hash),
        now_secs: device.now_secs,
    };
    one.release.offer_to(&asker).map_err(Reason::Store)?;
    if one.release.product.as_str() != device.product {
        return Err(Reason::Product);
    }
    if staged.is_some_and(|staged| one.release.version <= staged) {
        return Err(Reason::Store(NotOffered::NotNewer));
    }
    if device.failed.contains(hash) {
        return Err(Reason::FailedBefore);
    }
    if device
        .rolled_back
        .is_some_and(|newest| one.release.version <= newest)
    {
        return Err(Reason::RolledBack);
    }
    match device.not_yet_again {
        Some((tried, left)) if tried == *hash && !left.is_zero() => {
            Err(Reason::NotYetAgain(left.as_secs()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
