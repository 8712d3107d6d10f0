//! `/v2/find`: what the store has.

use super::{Answer, Api, ApiError, Peer, Request};
use crate::changes::ChangeKind;
use crate::device::{Available, Reason, SystemInfo, Verdict};
use crate::part::{PART, is_part};
use serde_json::{Value, json};
use store_format::NotOffered;

impl Api {
    /// `select=refresh`: what an update would take. Otherwise every release for this board and
    /// every snap, if the words asked for are in its name; of a snap, or in what is said of it.
    pub(super) fn find(&self, request: &Request, peer: Peer) -> Result<Answer, ApiError> {
        let exact = request.asked("name");
        let mut found = Vec::new();
        let of_system = match (exact, request.asked("q")) {
            (Some(name), _) => is_part(name),
            (None, Some(words)) => is_part(words) || PART.contains(words),
            (None, None) => true,
        };
        if of_system {
            found.extend(self.find_system(request, peer)?);
        }
        found.extend(self.find_snaps(request, peer)?);
        match exact.filter(|_| found.is_empty()) {
            Some(name) => {
                Err(ApiError::new(404, "snap not found").with("snap-not-found", name.into()))
            }
            None => Ok(Answer::Sync(found.into())),
        }
    }

    fn find_system(&self, request: &Request, peer: Peer) -> Result<Vec<Value>, ApiError> {
        // The engine would let the question wait until the update is over.
        if let Some(conflict) = self.changes.in_the_way(ChangeKind::RefreshSnap) {
            return Err(conflict.into());
        }
        let system = self.device.system()?;
        let all = self
            .releases_said
            .told(peer, self.administrator, || self.device.check())?;
        let of_board = all.iter().filter(|release| release.board == system.board);
        let wanted = |release: &&Available| match request.asked("select") {
            Some("refresh") => would_be_taken(&release.verdict),
            _ => true,
        };
        let found = of_board.filter(wanted);
        Ok(found.map(|release| value(&system, release)).collect())
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
