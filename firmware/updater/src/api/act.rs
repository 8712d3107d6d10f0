//! `POST /v2/snaps` and `/v2/snaps/system`: updates, rollbacks and holds.

use super::{Answer, Api, ApiError, Request};
use crate::changes::{Change, ChangeKind, TaskKind, Work, start_update};
use crate::device::{FailureKind, RebootAsked, Stopped, UpdateAsked, Wanted};
use crate::part::{PART, is_part};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::time::Duration;
use system_update::{Downgrade, FailedBefore};
use tuf_client::UtcTime;

/// An answer waits so long for what the store says: that there is nothing to take is told at
/// once, as snapd does. Its clients wait for two minutes.
const STORE: Duration = Duration::from_secs(20);

/// What is asked, as snapd's clients write it. They write more, which does not matter here.
#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) action: String,
    #[serde(default)]
    snaps: Vec<String>,
    #[serde(default)]
    pub(super) revision: Option<Revision>,
    #[serde(default)]
    pub(super) channel: Option<String>,
    #[serde(default)]
    pub(super) purge: bool,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    pub(super) twinkeel: Ours,
}

/// snapd's clients write a text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Revision {
    Number(u64),
    Text(String),
}

/// What snapd has no words for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ours {
    allow: Vec<Allowed>,
    reboot: Reboot,
    /// A hold of that length: for clients that have no calendar.
    for_secs: Option<u32>,
    /// What a snap is granted, or is not granted any more.
    pub(super) grants: Vec<String>,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Allowed {
    Downgrade,
    FailedBefore,
    Stopped,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reboot {
    #[default]
    Later,
    Now,
}

/// Who is told how, that there is no update: one part has an error, a list has a change
/// that did nothing.
#[derive(Clone, Copy)]
enum Asking {
    OnePart,
    List,
}

impl Api {
    pub(super) fn act_on_part(&self, request: &Request) -> Result<Answer, ApiError> {
        self.act(&parse_body(request)?, Asking::OnePart)
    }

    /// No names are the system.
    pub(super) fn act_on_snaps(&self, request: &Request) -> Result<Answer, ApiError> {
        if let Some(upload) = &request.upload {
            return self.install_file(upload);
        }
        let asked: Asked = parse_body(request)?;
        let mut snaps = asked.snaps.iter().filter(|name| !is_part(name));
        match (snaps.next(), asked.snaps.len()) {
            (None, _) => self.act(&asked, Asking::List),
            (Some(name), 1) => self.act_on_one(name, &asked),
            (Some(_), _) => Err(ApiError::bad_request(
                "cannot change several parts at once: ask for one after the other",
            )),
        }
    }

    fn act(&self, asked: &Asked, asking: Asking) -> Result<Answer, ApiError> {
        match &*asked.action {
            "refresh" => self.refresh(asked.to_update()?, asking),
            "revert" => self.revert(),
            "hold" => self.set_hold(ChangeKind::HoldSnap, &asked.held_until()?),
            "unhold" => self.set_hold(ChangeKind::UnholdSnap, "none"),
            other => Err(no_action(other)),
        }
    }

    fn refresh(&self, asked: UpdateAsked, asking: Asking) -> Result<Answer, ApiError> {
        let id = start_update(&self.changes, &self.device, asked)?;
        let checked = |change: &Change| change.is_beyond(TaskKind::Check);
        let change = self.changes.wait_until(id, STORE, checked);
        let Some(failed) = change.filter(Change::failed_at_once) else {
            return Ok(Answer::Async(id));
        };
        let nothing = failed.data["failure"]["kind"] == json!(FailureKind::NoUpdate.snapd());
        match (asking, nothing) {
            (Asking::List, true) => {
                self.changes.forget(id);
                self.nothing_to_do()
            }
            (Asking::OnePart, true) => {
                self.changes.forget(id);
                let message = failed.data["failure"]["message"]
                    .as_str()
                    .unwrap_or_default();
                Err(ApiError::bad_request(message).with("snap-no-update-available", PART.into()))
            }
            // What else went wrong is worth being remembered.
            (_, false) => Ok(Answer::Async(id)),
        }
    }

    fn nothing_to_do(&self) -> Result<Answer, ApiError> {
        let summary = "Refresh all snaps: no updates";
        let id = self.changes.begin(ChangeKind::RefreshSnap, summary, &[])?;
        self.changes.finish(id, json!({ "snap-names": [] }));
        Ok(Answer::Async(id))
    }

    fn revert(&self) -> Result<Answer, ApiError> {
        let summary = format!("Revert {PART:?} snap");
        let tasks = [(TaskKind::Arm, "Have the next boot take the other slot")];
        let id = self
            .changes
            .begin(ChangeKind::RevertSnap, &summary, &tasks)?;
        self.changes.reach(id, TaskKind::Arm, Work::Unmeasured);
        match self.device.rollback() {
            Ok(done) => {
                let data = json!({ "snap-names": [PART], "rolled-back": done });
                self.changes.finish(id, data);
                Ok(Answer::Async(id))
            }
            Err(failure) => {
                self.changes.forget(id);
                Err(failure.into())
            }
        }
    }

    fn set_hold(&self, kind: ChangeKind, value: &str) -> Result<Answer, ApiError> {
        let summary = match kind {
            ChangeKind::HoldSnap => format!("Hold updates of {PART:?}: {value}"),
            _ => format!("Release the hold on updates of {PART:?}"),
        };
        let patch = Map::from_iter([("hold".to_owned(), Value::from(value))]);
        self.set_all(kind, &summary, &patch)
    }
}

impl Asked {
    pub(super) fn held_until(&self) -> Result<String, ApiError> {
        match (&self.time, self.twinkeel.for_secs) {
            (None, None) => Ok("forever".to_owned()),
            (Some(time), None) => Ok(time.clone()),
            (None, Some(secs)) => {
                let now = UtcTime::of_this_machine();
                Ok(UtcTime(now.0 + i64::from(secs)).to_string())
            }
            (Some(_), Some(_)) => Err(ApiError::bad_request(
                "cannot hold in two ways: take \"time\" or \"for-secs\"",
            )),
        }
    }

    fn to_update(&self) -> Result<UpdateAsked, ApiError> {
        if let Some(channel) = self
            .channel
            .as_deref()
            .filter(|channel| !channel.is_empty())
        {
            return Err(ApiError::bad_request(format!(
                "cannot take a release of channel {channel:?} only once: \
                 set the channel of {PART:?}, and refresh"
            )));
        }
        let allows = |what: &Allowed| self.twinkeel.allow.contains(what);
        Ok(UpdateAsked {
            release: match &self.revision {
                None => Wanted::Newest,
                Some(Revision::Number(version)) => Wanted::Version(*version),
                Some(Revision::Text(text)) => Wanted::Version(text.parse().map_err(|_| {
                    ApiError::bad_request(format!("cannot read revision {text:?}"))
                })?),
            },
            stopped: match allows(&Allowed::Stopped) {
                true => Stopped::Allow,
                false => Stopped::Refuse,
            },
            downgrade: match allows(&Allowed::Downgrade) {
                true => Downgrade::Allow,
                false => Downgrade::Refuse,
            },
            failed_before: match allows(&Allowed::FailedBefore) {
                true => FailedBefore::Allow,
                false => FailedBefore::Refuse,
            },
            reboot: match self.twinkeel.reboot {
                Reboot::Later => RebootAsked::Later,
                Reboot::Now => RebootAsked::Now,
            },
        })
    }
}

/// Understands a body.
pub(super) fn parse_body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    serde_json::from_slice(&request.body)
        .map_err(|error| ApiError::bad_request(format!("cannot decode request body: {error}")))
}

pub(super) fn no_action(action: &str) -> ApiError {
    ApiError::bad_request(format!("unknown action {action:?}"))
}
