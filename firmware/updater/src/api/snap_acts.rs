//! `POST /v2/snaps/NAME`, and a file: snaps come, go, and go back.

use super::act::{Asked, Revision, no_action, parse_body};
use super::{Answer, Api, ApiError, Request, Upload};
use crate::changes::Change;
use crate::snaps::{SnapAct, SnapDesk, WantedSnap};
use snap_format::{Grant, SnapFile, SnapName};
use snap_store::Data;
use std::collections::BTreeSet;
use std::fs::File;
use std::num::NonZeroU32;
use std::time::Duration;
use store_format::Channel;

/// An answer waits so long for what is refused before anything is done: snapd tells that at
/// once.
const REFUSAL: Duration = Duration::from_secs(20);

impl Api {
    pub(super) fn act_on_snap(&self, name: &str, request: &Request) -> Result<Answer, ApiError> {
        self.act_on_one(name, &parse_body(request)?)
    }

    pub(super) fn act_on_one(&self, name: &str, asked: &Asked) -> Result<Answer, ApiError> {
        match &*asked.action {
            "hold" => self.hold_snap(name, asked),
            "unhold" => self.unhold_snap(name),
            _ => self.ask_snaps(act_of(name, asked)?),
        }
    }

    /// A file that nobody vouches for: whoever sends it has to say that this is meant.
    pub(super) fn install_file(&self, upload: &Upload) -> Result<Answer, ApiError> {
        let action = upload.field("action").unwrap_or_default();
        if !matches!(action, "install" | "") {
            return Err(no_action(action));
        }
        if upload.field("dangerous") != Some("true") {
            let message = "cannot find signatures with metadata for snap: nobody vouches for a \
                           file; 'snappy install --allow-unauthenticated' takes it all the same";
            return Err(ApiError::bad_request(message));
        }
        let cannot = |error: &dyn std::fmt::Display| {
            ApiError::bad_request(format!("cannot read the snap: {error}"))
        };
        let file = File::open(&upload.file).map_err(|error| cannot(&error))?;
        let snap = SnapFile::open(file).map_err(|error| cannot(&error))?;
        let name = snap.yaml().name.clone();
        // The connection removes the upload once this is answered.
        let kept = upload.file.with_extension("taken");
        std::fs::rename(&upload.file, &kept)
            .map_err(|error| ApiError::new(500, format!("cannot keep the file: {error}")))?;
        let grants = upload.field("grants").unwrap_or_default();
        let grants = grants.split(',').filter(|word| !word.is_empty());
        let grants = grants_of(grants)?;
        self.ask_snaps(SnapAct::File(name, kept, grants))
    }

    pub(super) fn ask_snaps(&self, act: SnapAct) -> Result<Answer, ApiError> {
        let name = act.name().to_string();
        let snaps = self.desk(&name)?;
        let id = snaps.ask(act)?;
        // With tasks it has begun.
        let is_told = |change: &Change| change.is_ready() || !change.tasks.is_empty();
        let change = self.changes.wait_until(id, REFUSAL, is_told);
        let refused = change.filter(|change| change.is_ready() && change.tasks.is_empty());
        match refused.and_then(|change| change.failure) {
            None => Ok(Answer::Async(id)),
            Some(failure) => {
                self.changes.forget(id);
                Err(ApiError::of_part(&name, failure))
            }
        }
    }

    fn desk(&self, name: &str) -> Result<&SnapDesk, ApiError> {
        self.snaps.as_ref().ok_or_else(|| ApiError::no_snap(name))
    }
}

/// `NAME`, or `NAME.PUBLISHER` where more than one has it.
fn act_of(name: &str, asked: &Asked) -> Result<SnapAct, ApiError> {
    let (name, publisher) = match name.split_once('.') {
        Some((name, publisher)) => (name, Some(publisher)),
        None => (name, None),
    };
    let name: SnapName = name.parse().map_err(|_| ApiError::no_snap(name))?;
    let wanted = || -> Result<WantedSnap, ApiError> {
        let bad = |error: &dyn std::fmt::Display| ApiError::bad_request(error.to_string());
        let publisher = publisher.map(str::parse).transpose();
        Ok(WantedSnap {
            name: name.clone(),
            publisher: publisher.map_err(|error| bad(&error))?,
            channel: channel_of(asked)?,
            revision: asked.revision.as_ref().map(number).transpose()?,
        })
    };
    let granted = || grants_of(asked.twinkeel.grants.iter().map(String::as_str));
    match &*asked.action {
        "install" => Ok(SnapAct::Install(wanted()?, granted()?)),
        "grant" => Ok(SnapAct::Grant(name, granted()?)),
        "revoke" => Ok(SnapAct::Revoke(name, granted()?)),
        "refresh" => Ok(SnapAct::Refresh(wanted()?)),
        "switch" => match channel_of(asked)? {
            Some(channel) => Ok(SnapAct::Switch(name, channel)),
            None => Err(ApiError::bad_request("cannot switch: name a channel")),
        },
        "revert" => Ok(SnapAct::Revert(name)),
        "remove" if asked.purge => Ok(SnapAct::Remove(name, Data::Purge)),
        "remove" => Ok(SnapAct::Remove(name, Data::Keep)),
        other => Err(no_action(other)),
    }
}

/// snapd's clients say `latest/stable` for `stable`.
fn channel_of(asked: &Asked) -> Result<Option<Channel>, ApiError> {
    let channel = asked.channel.as_deref();
    let channel = channel.filter(|channel| !channel.is_empty());
    let channel = channel.map(|channel| channel.strip_prefix("latest/").unwrap_or(channel));
    let channel = channel.map(str::parse).transpose();
    channel.map_err(|error| ApiError::bad_request(format!("cannot use the channel: {error}")))
}

fn grants_of<'a>(words: impl Iterator<Item = &'a str>) -> Result<BTreeSet<Grant>, ApiError> {
    let grants = words.map(|word| word.parse::<Grant>());
    let grants = grants.collect::<Result<_, _>>();
    grants.map_err(|error| ApiError::bad_request(error.to_string()))
}

fn number(revision: &Revision) -> Result<NonZeroU32, ApiError> {
    let number = match revision {
        Revision::Number(number) => u32::try_from(*number).ok(),
        Revision::Text(text) => text.parse().ok(),
    };
    number
        .and_then(NonZeroU32::new)
        .ok_or_else(|| ApiError::bad_request("cannot read the revision: give a number from 1"))
}
