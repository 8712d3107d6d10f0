//! Snaps as snapd's clients know them: those that are here, and those of the store.

use super::{Answer, Api, ApiError, Peer, Request};
use crate::snaps::{ListedSnap, channel_of, told_of_damage};
use serde_json::{Value, json};
use snap_format::{Revision, SnapName, SnapYaml};
use snap_store::{Origin, RevisionState, SnapState};
use std::fs;
use std::path::Path;
use tuf_client::UtcTime;

/// Which revisions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Those that count.
    Current,
    /// Those that are here.
    All,
}

impl Listing {
    pub(super) fn of(request: &Request) -> Self {
        match request.asked("select") {
            Some("all") => Self::All,
            _ => Self::Current,
        }
    }
}

impl Api {
    /// The snaps that are here, of those that are named; none named are all.
    pub(super) fn installed_snaps(&self, named: &[&str], listing: Listing) -> Vec<Value> {
        let Some(snaps) = &self.snaps else {
            return Vec::new();
        };
        let state = snaps.state();
        let (relations, own) = (snaps.relations(), snaps.channel());
        let mut values = Vec::new();
        for (name, snap) in state.installed() {
            if !named.is_empty() && !named.contains(&name.as_str()) {
                continue;
            }
            let shown = |one: &&RevisionState| {
                listing == Listing::All || Some(one.revision) == snap.current
            };
            let shown = snap.revisions.iter().filter(shown);
            values.extend(shown.map(|revision| {
                let mut value = value(name, snap, revision);
                value["tracking-channel"] = channel_of(Some(snap), &own).as_str().into();
                let mount = snaps.places().mount(name, revision.revision);
                if let Some(yaml) = read_yaml(&mount) {
                    add_own_words(&mut value, &yaml);
                }
                if Some(revision.revision) == snap.current {
                    relations.tell(name, &mut value);
                    self.tell_snap_hold(name, &mut value);
                }
                value
            }));
        }
        values
    }

    pub(super) fn installed_snap(&self, name: &str) -> Result<Answer, ApiError> {
        let mut found = self.installed_snaps(&[name], Listing::Current);
        found
            .pop()
            .map(Answer::Sync)
            .ok_or_else(|| ApiError::no_snap(name))
    }

    /// The newest revision of each snap of the store that has the words in its name or notes;
    /// `select=refresh`: of each that is here and older.
    pub(super) fn find_snaps(&self, request: &Request, peer: Peer) -> Result<Vec<Value>, ApiError> {
        let Some(snaps) = &self.snaps else {
            return Ok(Vec::new());
        };
        let (exact, words) = (request.asked("name"), request.asked("q"));
        let is_asked = |one: &ListedSnap| match (exact, words) {
            (Some(name), _) => one.name.as_str() == name,
            (None, Some(words)) => has_words(one, words),
            (None, None) => true,
        };
        let state = snaps.state();
        let is_newer = |one: &ListedSnap| {
            let here = state.snap(&one.name).and_then(SnapState::current);
            here.is_some_and(|here| match (&here.origin, here.revision) {
                (Origin::Store { publisher, .. }, Revision::Store(number)) => {
                    *publisher == one.release.publisher.to_string() && one.revision > number
                }
                _ => false,
            })
        };
        let is_refresh = request.asked("select") == Some("refresh");
        let mut found: Vec<ListedSnap> = Vec::new();
        let said = || snaps.find();
        for one in self.snaps_said.told(peer, self.administrator, said)? {
            // The newest stands first.
            let is_known = found.iter().any(|found| {
                found.name == one.name && found.release.publisher == one.release.publisher
            });
            if !is_known && is_asked(&one) && (!is_refresh || is_newer(&one)) {
                found.push(one);
            }
        }
        let device = snaps.situation().ok();
        let values = found.iter().map(|one| {
            let mut value = listed_value(one);
            let reason = device.as_ref();
            let reason = reason.and_then(|device| snaps.not_by_itself(one, device));
            let reason = reason.map(|reason| reason.to_string());
            value["twinkeel"]["not-taken-by-itself"] = json!(reason);
            value
        });
        Ok(values.collect())
    }
}

fn value(name: &SnapName, snap: &SnapState, revision: &RevisionState) -> Value {
    let is_current = Some(revision.revision) == snap.current;
    let (publisher, channel) = match &revision.origin {
        Origin::Unauthenticated => ("", ""),
        Origin::Store { publisher, channel } => (publisher.as_str(), channel.as_str()),
    };
    let mut value = json!({
        "id": "",
        "name": name.as_str(),
        "title": name.as_str(),
        "summary": "",
        "description": "",
        "developer": publisher,
        "type": "app",
        "version": revision.version,
        "revision": revision.revision.to_string(),
        "channel": channel,
        "status": if is_current { "active" } else { "installed" },
        "installed-size": revision.length_bytes,
        "confinement": "strict",
        "devmode": false,
        "jailmode": false,
        "private": false,
        "ignore-validation": false,
        "contact": "",
        "apps": [],
        "twinkeel": {
            "fingerprint": revision.root_hash.to_string(),
            "unauthenticated": revision.origin == Origin::Unauthenticated,
            "reverted-from": snap.reverted_from.map(|one| one.to_string()),
            "failed": snap.failed.map(|one| one.to_string()),
        },
    });
    if let Some(message) = told_of_damage(name, revision) {
        value["health"] = json!({
            "revision": revision.revision.to_string(),
            "timestamp": UtcTime::of_this_machine(),
            "status": "error",
            "message": message,
        });
    }
    if !publisher.is_empty() {
        value["publisher"] = account(publisher);
    }
    value
}

/// Names are lower case.
fn has_words(one: &ListedSnap, words: &str) -> bool {
    let words = words.to_lowercase();
    one.name.as_str().contains(&words) || one.release.notes.to_lowercase().contains(&words)
}

/// What a mounted snap says of itself; nothing while it is not mounted.
fn read_yaml(mount: &Path) -> Option<SnapYaml> {
    let bytes = fs::read(mount.join("meta/snap.yaml")).ok()?;
    SnapYaml::parse(&bytes).ok()
}

/// Puts them into the value of the snap.
fn add_own_words(value: &mut Value, yaml: &SnapYaml) {
    if let Some(title) = &yaml.title {
        value["title"] = title.as_str().into();
    }
    if let Some(license) = &yaml.license {
        value["license"] = license.as_str().into();
    }
    value["confinement"] = yaml.confinement.to_string().into();
    value["summary"] = yaml.summary.as_str().into();
    value["description"] = yaml.description.as_str().into();
    let apps = yaml.apps.iter().map(|(name, app)| {
        let mut value = json!({ "snap": yaml.name.as_str(), "name": name.as_str() });
        if let Some(service) = &app.service {
            value["daemon"] = service.daemon.to_string().into();
        }
        value
    });
    value["apps"] = apps.collect();
}

fn account(publisher: &str) -> Value {
    json!({ "id": publisher, "username": publisher, "display-name": publisher })
}

fn listed_value(one: &ListedSnap) -> Value {
    let publisher = one.release.publisher.as_str();
    let channels = one.release.channels.keys().map(ToString::to_string);
    let hold = one.release.hold.as_ref().map(|hold| &hold.0);
    json!({
        "id": "",
        "name": one.name.as_str(),
        "title": one.name.as_str(),
        "summary": one.release.notes,
        "description": one.release.notes,
        "developer": publisher,
        "publisher": account(publisher),
        "type": "app",
        "version": one.release.version,
        "revision": one.revision.to_string(),
        "channel": channels.collect::<Vec<_>>().join(","),
        "status": "available",
        "confinement": "strict",
        "private": false,
        "contact": "",
        "download-size": one.length_bytes,
        "twinkeel": { "held": hold },
    })
}
