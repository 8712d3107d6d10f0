//! Which revisions a device takes when nobody asks: a pure function of what is listed, of what
//! is here, and of what the owner set.

use super::choice::{ListedSnap, WantedSnap, channel_of, choose};
use crate::choice::draw;
use crate::settings::Settings;
use snap_format::Revision;
use snap_store::{NewSnap, Origin, SnapState, State};
use std::fmt;
use store_format::NotOffered;

/// What a device is, as far as that choice goes.
#[derive(Clone, Debug)]
pub struct SnapSituation {
    /// What the owner set.
    pub settings: Settings,
    /// machine-id(5).
    pub machine_id: String,
    /// The present for waves, or a lower bound of it.
    pub now_secs: u64,
    /// The time of day for holds.
    pub moment_secs: i64,
}

/// Why a device does not take a revision by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotByItself {
    /// What the store says.
    Store(NotOffered),
    /// It failed here.
    FailedBefore,
    /// Somebody went back from it.
    RolledBack,
    /// The owner holds the snap.
    Held,
}

impl fmt::Display for NotByItself {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(reason) => reason.fmt(f),
            Self::FailedBefore => f.write_str("it failed on this device"),
            Self::RolledBack => f.write_str("somebody went back from it"),
            Self::Held => f.write_str("the snap is on hold"),
        }
    }
}

/// Whether a device may take a revision of a snap that is here by itself.
///
/// # Errors
/// Why not.
pub(crate) fn judge(
    one: &ListedSnap,
    here: &SnapState,
    device: &SnapSituation,
) -> Result<(), NotByItself> {
    let channel = channel_of(Some(here), &device.settings.channel);
    let rollout = one.release.channels.get(&channel);
    let rollout = rollout.ok_or(NotByItself::Store(NotOffered::Channel))?;
    if let Some(hold) = &one.release.hold {
        return Err(NotByItself::Store(NotOffered::Held(hold.clone())));
    }
    rollout
        .takes_in(draw(&device.machine_id, &one.sha256), device.now_secs)
        .map_err(NotByItself::Store)?;
    if here.failed == Some(Revision::Store(one.revision)) {
        return Err(NotByItself::FailedBefore);
    }
    if matches!(here.reverted_from, Some(Revision::Store(from)) if one.revision <= from) {
        return Err(NotByItself::RolledBack);
    }
    match device.settings.holds_snap(&one.name, device.moment_secs) {
        true => Err(NotByItself::Held),
        false => Ok(()),
    }
}

/// What the device is to take: of each snap of a store the newest that it may.
pub(crate) fn due(
    listed: &[ListedSnap],
    state: &State,
    machine: &str,
    device: &SnapSituation,
) -> Vec<NewSnap> {
    let channel = &device.settings.channel;
    let of_store = state.installed().filter(|(_, snap)| is_of_store(snap));
    let newer = of_store.filter_map(|(name, snap)| {
        let mine = listed.iter().filter(|one| one.name == *name);
        let mine = mine.filter(|one| judge(one, snap, device).is_ok());
        let mine: Vec<_> = mine.cloned().collect();
        let wanted = WantedSnap {
            name: name.clone(),
            publisher: None,
            channel: None,
            revision: None,
        };
        // What it refuses is told to whoever asks.
        choose(&mine, &wanted, state, channel, machine).ok()
    });
    newer.collect()
}

/// Nobody vouches for what came as a file, and no store has anything newer of it.
pub(crate) fn is_of_store(snap: &SnapState) -> bool {
    let current = snap.current();
    current.is_some_and(|current| matches!(current.origin, Origin::Store { .. }))
}
