//! `/v2/find`: what the store has.

use super::{Answer, Api, ApiError, Peer, Request};
use crate::changes::ChangeKind;
use crate::device::{Available, Failure, Reason, SystemInfo, Verdict};
use crate::part::{PART, is_part};
use serde_json::{Value, json};
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use store_format::NotOffered;

/// What the store said so long ago is told to others than the administrator.
const FRESH: Duration = Duration::from_secs(60);

/// What the store said, and when.
pub(super) struct Checked {
    at: Instant,
    result: Result<Vec<Available>, Failure>,
}

impl Api {
    /// `select=refresh`: what an update would take. Otherwise every release for this board,
    /// if the words asked for are in the part's name.
    pub(super) fn find(&self, request: &Request, peer: Peer) -> Result<Answer, ApiError> {
        let words = request.asked("name").or_else(|| request.asked("q"));
        if words.is_some_and(|words| !is_part(words) && !PART.contains(words)) {
            return match request.asked("name") {
                Some(name) => {
                    Err(ApiError::new(404, "snap not found").with("snap-not-found", name.into()))
                }
                None => Ok(Answer::Sync(json!([]))),
            };
        }
        // The engine would let the question wait until the update is over.
        if let Some(conflict) = self.changes.in_the_way(ChangeKind::RefreshSnap) {
            return Err(conflict.into());
        }
        let system = self.device.system()?;
        let all = self.available(peer)?;
        let of_board = all.iter().filter(|release| release.board == system.board);
        let wanted = |release: &&Available| match request.asked("select") {
            Some("refresh") => would_be_taken(&release.verdict),
            _ => true,
        };
        let found: Vec<_> = of_board
            .filter(wanted)
            .map(|release| value(&system, release))
            .collect();
        Ok(Answer::Sync(found.into()))
    }
}

impl Api {
    /// What the store says; others than the administrator hear what it said a moment ago, so
    /// that nobody has the device ask all the time.
    fn available(&self, peer: Peer) -> Result<Vec<Available>, ApiError> {
        let mut last = self
            .last_check
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = |checked: &&Checked| !self.trusts(peer) && checked.at.elapsed() < FRESH;
        if let Some(checked) = last.as_ref().filter(fresh) {
            return Ok(checked.result.clone()?);
        }
        let result = self.device.check();
        let at = Instant::now();
        let result = last.insert(Checked { at, result }).result.clone();
        Ok(result?)
    }
}

/// By somebody who asks for it: waves and an earlier rollback do not count then.
fn would_be_taken(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Offered
            | Verdict::NotOffered(Reason::Store(NotOffered::Wave(_)) | Reason::RolledBack)
    )
}

fn value(system: &SystemInfo, release: &Available) -> Value {
    let reason = match &release.verdict {
        Verdict::Offered => None,
        Verdict::NotOffered(reason) => Some(reason.to_string()),
    };
    let channel = system.channel.to_string();
    json!({
        "id": "",
        "name": PART,
        "title": system.product,
        "summary": format!("The system of {}", system.product),
        "description": release.notes,
        "developer": "",
        "type": "os",
        "version": release.version.to_string(),
        "revision": release.version.to_string(),
        "channel": channel,
        "status": "available",
        "confinement": "strict",
        "private": false,
        "contact": "",
        "download-size": release.size_bytes,
        "twinkeel": {
            "target": release.name,
            "manifest": release.manifest_sha256,
            "not-taken-by-itself": reason,
        },
    })
}
