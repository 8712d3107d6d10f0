//! `/v2/find`: what the store has.

use super::{Answer, Api, ApiError, Request};
use crate::device::{Available, Reason, SystemInfo, Verdict};
use crate::part::{PART, is_part};
use serde_json::{Value, json};
use store_format::NotOffered;

impl Api {
    /// `select=refresh`: what an update would take. Otherwise every release for this board,
    /// if the words asked for are in the part's name.
    pub(super) fn find(&self, request: &Request) -> Result<Answer, ApiError> {
        let words = request.asked("name").or_else(|| request.asked("q"));
        if words.is_some_and(|words| !is_part(words) && !PART.contains(words)) {
            return match request.asked("name") {
                Some(name) => {
                    Err(ApiError::new(404, "snap not found").with("snap-not-found", name.into()))
                }
                None => Ok(Answer::Sync(json!([]))),
            };
        }
        let system = self.device.system()?;
        let all = self.device.check()?;
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
