//! `/v2/snaps/system/conf`: the settings.

use super::snap_configuration::no_option;
use super::{Answer, Api, ApiError, Peer, Request};
use crate::changes::{ChangeKind, TaskKind};
use crate::device::{Failure, FailureKind};
use crate::part::{PART, is_part};
use serde_json::{Map, Value, json};

impl Api {
    pub(super) fn configuration(
        &self,
        name: &str,
        request: &Request,
        peer: Peer,
    ) -> Result<Answer, ApiError> {
        if !is_part(name) {
            return self.snap_configuration(name, request, peer);
        }
        let all = self.all_settings()?;
        let asked: Vec<&str> = request.asked_list("keys").collect();
        if asked.is_empty() {
            return Ok(Answer::Sync(all.into()));
        }
        let mut found = Map::new();
        for key in asked {
            let value = all.get(key).ok_or_else(|| no_option(PART, key))?;
            found.insert(key.to_owned(), value.clone());
        }
        Ok(Answer::Sync(found.into()))
    }

    /// All of them or none: what was set before one that cannot be is set back.
    pub(super) fn configure(&self, name: &str, request: &Request) -> Result<Answer, ApiError> {
        if !is_part(name) {
            return self.configure_snap(name, request);
        }
        let patch: Map<String, Value> = super::act::parse_body(request)?;
        let words: Vec<_> = patch.keys().map(String::as_str).collect();
        let summary = format!("Change {} of {PART:?}", words.join(", "));
        let kind = ChangeKind::ConfigureSnap;
        self.set_all(kind, &summary, &patch)
    }

    pub(super) fn set_all(
        &self,
        kind: ChangeKind,
        summary: &str,
        patch: &Map<String, Value>,
    ) -> Result<Answer, ApiError> {
        let before = self.all_settings()?;
        let mut done: Vec<&str> = Vec::new();
        for (key, value) in patch {
            if let Err(failure) = self.device.set(key, value.clone()) {
                for key in done.into_iter().rev() {
                    let old = before.get(key).cloned().unwrap_or_default();
                    if let Err(failure) = self.device.set(key, old) {
                        eprintln!("snappyd: cannot set {key} back: {failure}");
                    }
                }
                return Err(not_set(key, failure));
            }
            done.push(key);
        }
        let id = self
            .changes
            .begin(kind, summary, &[(TaskKind::Configure, summary)])?;
        self.changes.finish(id, json!({ "snap-names": [PART] }));
        Ok(Answer::Async(id))
    }

    fn all_settings(&self) -> Result<Map<String, Value>, ApiError> {
        match serde_json::to_value(self.device.settings()) {
            Ok(Value::Object(all)) => Ok(all),
            _ => Err(ApiError::new(500, "cannot read the settings")),
        }
    }
}

fn not_set(key: &str, failure: Failure) -> ApiError {
    match failure.kind {
        FailureKind::NoSuchSetting => no_option(PART, key),
        _ => failure.into(),
    }
}
