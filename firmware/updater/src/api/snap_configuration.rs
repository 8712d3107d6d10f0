//! `/v2/snaps/NAME/conf` of a snap that is no system.

use super::act::parse_body;
use super::{Answer, Api, ApiError, Peer, Request};
use crate::snaps::SnapAct;
use serde_json::{Map, Value, json};
use snap_format::SnapName;
use snap_store::{Configuration, ConfigurationError, SnapState};

impl Api {
    /// What is asked for by `keys`, or all of it. There may be secrets in it: not everybody
    /// reads it.
    pub(super) fn snap_configuration(
        &self,
        name: &str,
        request: &Request,
        peer: Peer,
    ) -> Result<Answer, ApiError> {
        let Some(desk) = self.snaps.as_ref().filter(|_| self.trusts(peer)) else {
            return Err(ApiError::forbidden());
        };
        let state = desk.state();
        let parsed = parse_name(name)?;
        let current = state.snap(&parsed).and_then(SnapState::current);
        let current = current.ok_or_else(|| ApiError::no_snap(name))?;
        let keys: Vec<_> = request.asked_list("keys").collect();
        if keys.is_empty() {
            let document = current.configuration.document().clone();
            return Ok(Answer::Sync(document.into()));
        }
        let mut found = Map::new();
        for key in keys {
            found.insert(key.to_owned(), get(name, &current.configuration, key)?);
        }
        Ok(Answer::Sync(found.into()))
    }

    pub(super) fn configure_snap(&self, name: &str, request: &Request) -> Result<Answer, ApiError> {
        let patch: Map<String, Value> = parse_body(request)?;
        self.ask_snaps(SnapAct::Configure(parse_name(name)?, patch))
    }
}

fn parse_name(name: &str) -> Result<SnapName, ApiError> {
    name.parse().map_err(|_| ApiError::no_snap(name))
}

fn get(name: &str, configuration: &Configuration, key: &str) -> Result<Value, ApiError> {
    let bad = |error: ConfigurationError| ApiError::bad_request(error.to_string());
    let found = configuration.get(key).map_err(bad)?;
    found.cloned().ok_or_else(|| no_option(name, key))
}

/// snapd's words.
pub(super) fn no_option(name: &str, key: &str) -> ApiError {
    let message = format!("snap {name:?} has no {key:?} configuration option");
    let value = json!({ "SnapName": name, "Key": key });
    ApiError::bad_request(message).with("option-not-found", value)
}
