//! No unattended refresh of one snap for a while.

use super::act::Asked;
use super::{Answer, Api, ApiError};
use crate::changes::{ChangeKind, TaskKind};
use crate::settings::Hold;
use serde_json::{Value, json};
use snap_format::SnapName;
use snap_store::SnapState;

impl Api {
    pub(super) fn hold_snap(&self, name: &str, asked: &Asked) -> Result<Answer, ApiError> {
        let until = asked.held_until()?;
        let hold = Hold::try_from(until.clone()).map_err(ApiError::bad_request)?;
        let summary = format!("Hold refreshes of {name:?}: {until}");
        self.keep_snap_hold(name, hold, ChangeKind::HoldSnap, &summary)
    }

    pub(super) fn unhold_snap(&self, name: &str) -> Result<Answer, ApiError> {
        let summary = format!("Release the hold on refreshes of {name:?}");
        self.keep_snap_hold(name, Hold::None, ChangeKind::UnholdSnap, &summary)
    }

    fn keep_snap_hold(
        &self,
        name: &str,
        hold: Hold,
        kind: ChangeKind,
        summary: &str,
    ) -> Result<Answer, ApiError> {
        let parsed: Result<SnapName, _> = name.parse();
        let here = parsed
            .ok()
            .zip(self.snaps.as_ref())
            .is_some_and(|(name, snaps)| {
                let state = snaps.state();
                state.snap(&name).and_then(SnapState::current).is_some()
            });
        if !here {
            return Err(ApiError::no_snap(name));
        }
        let mut held = self.device.settings().held_snaps;
        match hold {
            Hold::None => held.remove(name),
            hold => held.insert(name.to_owned(), hold),
        };
        self.device.set("held-snaps", json!(held))?;
        let tasks = [(TaskKind::Configure, summary)];
        let id = self.changes.begin_of(name, kind, summary, &tasks)?;
        self.changes.finish(id, json!({ "snap-names": [name] }));
        Ok(Answer::Async(id))
    }

    /// What clients are told of a hold.
    pub(super) fn tell_snap_hold(&self, name: &SnapName, value: &mut Value) {
        let held = self.device.settings().held_snaps;
        let until = held.get(name.as_str()).copied();
        value["hold"] = json!(until.and_then(super::system::held_until));
    }
}
