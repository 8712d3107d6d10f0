//! Which revision of the store somebody means: a pure function of what is listed and of what
//! is here.

use crate::device::{Failure, FailureKind};
use image_format::Digest;
use snap_format::{Grant, Revision, SnapName};
use snap_store::{NewSnap, Origin, SnapState, State};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use store_format::{Channel, PublisherName, SnapRelease};

/// A snap that a publisher lists.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedSnap {
    /// What was signed.
    pub release: SnapRelease,
    /// Its name, which is one.
    pub name: SnapName,
    /// Its number, which is one.
    pub revision: NonZeroU32,
    /// Of its file.
    pub length_bytes: u64,
    /// Of its file.
    pub sha256: Digest,
    /// Of its blocks, where that was signed.
    pub root_hash: Option<Digest>,
    /// The frameworks that it needs, where that was signed.
    pub frameworks: BTreeSet<SnapName>,
    /// What the store's owner grants it, in words that this system may not know.
    pub grants: Vec<String>,
    /// Where its file lies.
    pub address: String,
}

/// What somebody wants of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSnap {
    /// Which snap.
    pub name: SnapName,
    /// Whose, where more than one has it.
    pub publisher: Option<PublisherName>,
    /// Of which channel, which the snap follows from then on; if none is named, of the one
    /// that it follows.
    pub channel: Option<Channel>,
    /// This one, and not the newest.
    pub revision: Option<NonZeroU32>,
}

impl ListedSnap {
    /// Whether a device of that channel and processor may have it.
    #[must_use]
    pub fn is_for(&self, channel: &Channel, machine: &str) -> bool {
        let runs = |one: &String| one == "all" || one == machine;
        self.release.channels.contains_key(channel) && self.release.architectures.iter().any(runs)
    }

    fn to_new(&self, channel: &Channel, chosen: Option<String>) -> Result<NewSnap, Failure> {
        let unknown = |word: &String| {
            Failure::new(
                FailureKind::Refused,
                format!(
                    "cannot use snap \"{}\": its store grants it {word:?}, which this system does \
                     not know; update the system first",
                    self.name
                ),
            )
        };
        let grant = |word: &String| match word.parse() {
            // That one is not a store's to give.
            Ok(Grant::Devmode) | Err(_) => Err(unknown(word)),
            Ok(grant) => Ok(grant),
        };
        Ok(NewSnap {
            grants: self.grants.iter().map(grant).collect::<Result<_, _>>()?,
            name: self.name.clone(),
            revision: self.revision,
            version: self.release.version.clone(),
            length_bytes: self.length_bytes,
            sha256: self.sha256,
            root_hash: self.root_hash,
            frameworks: self.frameworks.clone(),
            origin: Origin::Store {
                publisher: self.release.publisher.to_string(),
                channel: channel.to_string(),
            },
            channel: chosen,
            address: self.address.clone(),
        })
    }
}

/// The channel that a snap follows: the one that somebody chose for it, or the device's.
pub(crate) fn channel_of(snap: Option<&SnapState>, own: &Channel) -> Channel {
    let chosen = snap.and_then(|snap| snap.channel.as_deref());
    let chosen = chosen.and_then(|chosen| chosen.parse().ok());
    chosen.unwrap_or_else(|| own.clone())
}

/// What is remembered when somebody chooses a channel: the device's own is no choice.
pub(super) fn choice_of(channel: &Channel, own: &Channel) -> Option<String> {
    (channel != own).then(|| channel.to_string())
}

/// The revision that is meant. A person asks: waves do not count.
pub(super) fn choose(
    listed: &[ListedSnap],
    wanted: &WantedSnap,
    state: &State,
    own_channel: &Channel,
    machine: &str,
) -> Result<NewSnap, Failure> {
    let name = &wanted.name;
    let here = state.snap(name);
    let (channel, chosen) = match &wanted.channel {
        Some(channel) => (channel.clone(), choice_of(channel, own_channel)),
        None => (
            channel_of(here, own_channel),
            here.and_then(|here| here.channel.clone()),
        ),
    };
    let current = here.and_then(|snap| snap.current());
    // A snap stays with who made it.
    let bound = current.and_then(|current| match &current.origin {
        Origin::Store { publisher, .. } => Some(publisher.as_str()),
        Origin::Unauthenticated => None,
    });
    let publisher = wanted.publisher.as_ref().map(PublisherName::as_str);
    if let (Some(bound), Some(other)) = (bound, publisher.filter(|other| Some(*other) != bound)) {
        return Err(Failure::new(
            FailureKind::Refused,
            format!("cannot take \"{name}\" from {other}: it is {bound}'s here; remove it first"),
        ));
    }
    let publisher = bound.or(publisher);
    let of_name = |one: &&ListedSnap| {
        one.name == *name
            && one.is_for(&channel, machine)
            && publisher.is_none_or(|publisher| one.release.publisher.as_str() == publisher)
            && wanted
                .revision
                .is_none_or(|revision| one.revision == revision)
    };
    let found: Vec<_> = listed.iter().filter(of_name).collect();
    let newest = found.iter().max_by_key(|one| one.revision);
    let Some(newest) = newest else {
        return Err(Failure::new(
            FailureKind::NotFound,
            format!(
                "snap \"{name}\" not found: the channel {channel} has none of that name for this \
                 device"
            ),
        ));
    };
    let another = |one: &&&ListedSnap| one.release.publisher != newest.release.publisher;
    if let Some(other) = found.iter().find(another) {
        return Err(Failure::new(
            FailureKind::Refused,
            format!(
                "cannot tell which \"{name}\" is meant: {one} and {two} have it; say {name}.{one} \
                 or {name}.{two}",
                one = newest.release.publisher,
                two = other.release.publisher
            ),
        ));
    }
    if let Some(hold) = &newest.release.hold {
        return Err(Failure::new(
            FailureKind::Refused,
            format!(
                "cannot take revision {} of \"{name}\": it is held: {}",
                newest.revision, hold.0
            ),
        ));
    }
    let here = match current.map(|current| current.revision) {
        Some(Revision::Store(here)) => Some(u64::from(here.get())),
        _ => None,
    };
    let first = newest.release.minimum_revision;
    if let Some((first, here)) = first.zip(here).filter(|(first, here)| here < first) {
        return Err(Failure::new(
            FailureKind::Refused,
            format!(
                "cannot go from revision {here} of \"{name}\" to {}: it needs revision {first} or \
                 newer first",
                newest.revision
            ),
        ));
    }
    // What a person asks for by its number may be older.
    let is_newer = here.is_none_or(|here| u64::from(newest.revision.get()) > here);
    if !is_newer && wanted.revision.is_none() {
        return Err(Failure::new(
            FailureKind::NoUpdate,
            format!("snap {:?} has no updates available", name.as_str()),
        ));
    }
    newest.to_new(&channel, chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use store_format::{Hold, Rollout};

    fn listed(publisher: &str, revision: u32) -> ListedSnap {
        let channels = BTreeMap::from([("stable".parse().unwrap(), Rollout::everyone(0))]);
        ListedSnap {
            release: SnapRelease {
                name: "hello".parse().unwrap(),
                publisher: publisher.parse().unwrap(),
                version: format!("1.{revision}"),
                revision: u64::from(revision),
                architectures: vec!["amd64".to_owned()],
                issued_secs: 0,
                channels,
                hold: None,
                minimum_revision: None,
                notes: String::new(),
                root_hash: None,
                frameworks: Vec::new(),
            },
            name: "hello".parse().unwrap(),
            revision: revision.try_into().unwrap(),
            length_bytes: 4096,
            sha256: Digest::ZERO,
            root_hash: None,
            frameworks: BTreeSet::new(),
            grants: Vec::new(),
            address: String::new(),
        }
    }

    fn wanted() -> WantedSnap {
        WantedSnap {
            name: "hello".parse().unwrap(),
            publisher: None,
            channel: None,
            revision: None,
        }
    }

    fn here(revision: &str) -> State {
        let state = format!(
            r#"{{"snaps": {{"hello": {{"current": "{revision}", "revisions": [{{
                "revision": "{revision}", "version": "1", "length-bytes": 4096,
                "sha256": "{zeros}", "root-hash": "{zeros}",
                "origin": {{"kind": "store", "publisher": "acme", "channel": "stable"}}}}]}}}}}}"#,
            zeros = "0".repeat(64)
        );
        serde_json::from_str(&state).unwrap()
    }

    fn choose_of(listed: &[ListedSnap], wanted: &WantedSnap, state: &State) -> Result<u32, String> {
        let chosen = choose(listed, wanted, state, &"stable".parse().unwrap(), "amd64");
        chosen
            .map(|new| new.revision.get())
            .map_err(|failure| failure.message)
    }

    #[test]
    fn the_newest_that_is_for_this_device_is_taken() {
        let mut all = vec![listed("acme", 1), listed("acme", 3), listed("acme", 2)];
        let none = State::default();
        assert_eq!(choose_of(&all, &wanted(), &none), Ok(3));
        all[1].release.architectures = vec!["pdp11".to_owned()];
        assert_eq!(choose_of(&all, &wanted(), &none), Ok(2));
        all[2].release.channels.clear();
        assert_eq!(choose_of(&all, &wanted(), &none), Ok(1));
        let of_edge = WantedSnap {
            channel: Some("edge".parse().unwrap()),
            ..wanted()
        };
        assert!(
            choose_of(&all, &of_edge, &none)
                .unwrap_err()
                .contains("not found")
        );
    }

    #[test]
    fn a_name_that_two_have_is_nobodys() {
        let all = [listed("acme", 1), listed("zeta", 9)];
        let none = State::default();
        let told = choose_of(&all, &wanted(), &none).unwrap_err();
        assert!(told.contains("say hello.zeta or hello.acme"), "{told}");
        let of_acme = WantedSnap {
            publisher: Some("acme".parse().unwrap()),
            ..wanted()
        };
        assert_eq!(choose_of(&all, &of_acme, &none), Ok(1));
    }

    #[test]
    fn a_snap_stays_with_who_made_it() {
        let all = [listed("acme", 2), listed("zeta", 9)];
        assert_eq!(choose_of(&all, &wanted(), &here("1")), Ok(2));
        let of_zeta = WantedSnap {
            publisher: Some("zeta".parse().unwrap()),
            ..wanted()
        };
        let told = choose_of(&all, &of_zeta, &here("1")).unwrap_err();
        assert!(told.contains("it is acme's here"), "{told}");
    }

    #[test]
    fn what_is_no_newer_held_or_too_far_is_refused() {
        let mut all = vec![listed("acme", 5)];
        let told = choose_of(&all, &wanted(), &here("5")).unwrap_err();
        assert_eq!(told, "snap \"hello\" has no updates available");
        all.push(listed("acme", 4));
        let by_number = WantedSnap {
            revision: NonZeroU32::new(4),
            ..wanted()
        };
        assert_eq!(choose_of(&all, &by_number, &here("5")), Ok(4));
        all[0].release.minimum_revision = Some(3);
        let told = choose_of(&all, &wanted(), &here("2")).unwrap_err();
        assert!(told.contains("needs revision 3"), "{told}");
        assert_eq!(choose_of(&all, &wanted(), &here("3")), Ok(5));
        all[0].release.hold = Some(Hold("eats data".to_owned()));
        let told = choose_of(&all, &wanted(), &here("3")).unwrap_err();
        assert!(told.contains("it is held: eats data"), "{told}");
    }
}
