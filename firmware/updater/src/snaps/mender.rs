//! Looks after the files of snaps: a revision that is damaged is made whole, unattended.
//!
//! It looks at what costs next to nothing: what the kernel met while it read, and whether a
//! snap can be read at all. Only what is suspect is read in full, by the thread that changes
//! snaps.

use super::failure::failure;
use super::{ListedSnap, SnapAct, SnapDesk, SnapListing};
use crate::changes::Change;
use crate::device::{Failure, FailureKind};
use snap_format::{Revision, SnapName};
use snap_store::{Damage, Origin, Outcome, RevisionState, Snaps, Watch, is_suspect};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// So often it looks.
const PAUSE: Duration = Duration::from_secs(30);
/// What could not be made whole is tried again then, and less and less often.
const FIRST_RETRY: Duration = Duration::from_secs(600);
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3600);
/// A repair over a slow line is waited for so long at once.
const A_WHILE: Duration = Duration::from_secs(3600);

/// Repairs that did not work: how often, and when the next is due.
#[derive(Debug, Default)]
pub struct Retries(BTreeMap<(SnapName, Revision), (u32, Instant)>);

impl Retries {
    fn is_due(&self, key: &(SnapName, Revision), now: Instant) -> bool {
        self.0.get(key).is_none_or(|(_, due)| *due <= now)
    }

    fn failed(&mut self, key: (SnapName, Revision), now: Instant) {
        let (times, due) = self.0.entry(key).or_insert((0, now));
        let pause = FIRST_RETRY.saturating_mul(1 << (*times).min(8));
        *due = now + pause.min(LONGEST_RETRY);
        *times += 1;
    }
}

impl SnapDesk {
    /// Looks after the snaps for as long as the daemon runs, in a thread of its own.
    pub fn look_after_snaps(&self) {
        let desk = self.clone();
        let look = move || {
            let mut retries = Retries::default();
            loop {
                thread::sleep(PAUSE);
                desk.mend(&mut retries);
            }
        };
        let begun = thread::Builder::new().name("mender".to_owned()).spawn(look);
        if let Err(error) = begun {
            eprintln!("cannot start a thread: {error}; no damaged snap is repaired");
        }
    }

    /// Looks once. Every revision that is suspect, and due, is repaired, or found to be whole.
    pub fn mend(&self, retries: &mut Retries) {
        let state = self.state();
        let mut suspects = Vec::new();
        for (name, snap) in state.installed() {
            let of_snap = snap.revisions.iter();
            let of_snap = of_snap
                .filter(|one| is_suspect(&*self.files, &*self.mounts, &self.places, name, one));
            suspects.extend(of_snap.map(|one| (name.clone(), one.revision)));
        }
        retries.0.retain(|key, _| suspects.contains(key));
        for key in suspects {
            if !retries.is_due(&key, Instant::now()) {
                continue;
            }
            // Something else is done with it: the next look finds out what it led to.
            let Ok(id) = self.ask(SnapAct::Repair(key.0.clone(), key.1)) else {
                continue;
            };
            let change = self.changes.wait_until(id, A_WHILE, Change::is_ready);
            let failure = change.and_then(|change| change.failure);
            match failure.map(|failure| failure.kind) {
                None => {}
                // It was on its way when it was looked at.
                Some(FailureKind::NoUpdate) => self.changes.forget(id),
                Some(_) => retries.failed(key, Instant::now()),
            }
        }
    }
}

/// Finds out what is wrong with a revision, and makes it whole.
pub(super) fn repair(
    snaps: &mut Snaps<'_>,
    listing: &dyn SnapListing,
    name: &SnapName,
    revision: Revision,
    watch: &mut dyn Watch,
) -> Result<Outcome, Failure> {
    let here = snaps.state().snap(name);
    let here = here.and_then(|snap| snap.revision(revision)).cloned();
    let Some(here) = here.filter(|here| snaps.is_suspect(name, here)) else {
        let whole = format!("nothing is wrong with revision {revision} of \"{name}\"");
        return Err(Failure::new(FailureKind::NoUpdate, whole));
    };
    let examined = snaps.examine(name, revision);
    let damage = examined.map_err(|error| failure(&error))?;
    // Where the snap itself is whole, its tree is made again, and it is mounted again.
    let address = match damage {
        Some(Damage::File) => Some(address_of(listing, name, &here)?),
        Some(Damage::Tree) | None => None,
    };
    let repaired = snaps.repair(name, revision, address.as_deref(), watch);
    repaired.map_err(|error| failure(&error))
}

/// Where the store has the very revision that is here.
fn address_of(
    listing: &dyn SnapListing,
    name: &SnapName,
    here: &RevisionState,
) -> Result<String, Failure> {
    let Origin::Store { publisher, .. } = &here.origin else {
        let nobody = format!(
            "cannot repair revision {} of \"{name}\": no store has it; remove it, which keeps its \
             data, and install the file again",
            here.revision
        );
        return Err(Failure::new(FailureKind::Refused, nobody));
    };
    let is_it = |one: &ListedSnap| {
        one.name == *name
            && one.sha256 == here.sha256
            && one.release.publisher.as_str() == publisher
    };
    let listed = listing.listed_snaps()?;
    let found = listed.into_iter().find(is_it);
    found.map(|one| one.address).ok_or_else(|| {
        let gone = format!(
            "cannot repair revision {} of \"{name}\": the store has it no more; 'snappy remove \
             {name}' keeps its data, and 'snappy install {name}' takes what there is",
            here.revision
        );
        Failure::new(FailureKind::NotFound, gone)
    })
}

/// What is wrong with a revision, and what is done about it, for people.
#[must_use]
pub fn told(name: &SnapName, one: &RevisionState) -> Option<String> {
    Some(match (one.damage?, &one.origin) {
        (Damage::Tree, _) => "what verifies it is damaged, and is made again".to_owned(),
        (Damage::File, Origin::Store { .. }) => format!(
            "its file is damaged, and is fetched again once the store can be reached; 'snappy \
             changes' tells how that went, and 'snappy rollback {name}' takes an older revision"
        ),
        (Damage::File, Origin::Unauthenticated) => format!(
            "its file is damaged, and no store has it; 'snappy remove {name}' keeps its data: \
             install the file again"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_less_and_less_often() {
        let key = ("hello".parse().unwrap(), "7".parse().unwrap());
        let (mut retries, mut now) = (Retries::default(), Instant::now());
        assert!(retries.is_due(&key, now));
        let mut pauses = Vec::new();
        for _ in 0..8 {
            retries.failed(key.clone(), now);
            let due = retries.0[&key].1;
            assert!(!retries.is_due(&key, now) && retries.is_due(&key, due));
            pauses.push((due - now).as_secs() / 60);
            now = due;
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 360, 360]);
    }
}
