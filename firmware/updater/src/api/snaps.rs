//! `/v2/snaps`: what is installed. The system is a snap of the type `os`.

use super::snap_values::Listing;
use super::system::held_until;
use super::{Answer, Api, ApiError, Request};
use crate::device::{SlotInfo, SystemInfo};
use crate::part::{PART, is_part};
use crate::settings::Hold;
use serde_json::{Value, json};
use tuf_client::UtcTime;

impl Api {
    pub(super) fn snaps(&self, request: &Request) -> Result<Answer, ApiError> {
        let named: Vec<_> = request.asked_list("snaps").collect();
        let mut snaps = match named.is_empty() || named.iter().any(|name| is_part(name)) {
            true => self.systems(request)?,
            false => Vec::new(),
        };
        snaps.extend(self.installed_snaps(&named, Listing::of(request)));
        Ok(Answer::Sync(snaps.into()))
    }

    fn systems(&self, request: &Request) -> Result<Vec<Value>, ApiError> {
        let system = self.device.system()?;
        let current = current(&system);
        let hold = self.device.settings().hold;
        let mut snaps = vec![value(&system, current, hold)];
        if request.asked("select") == Some("all") {
            let slots = std::iter::once(&system.running).chain(&system.others);
            let others = slots.filter(|slot| slot.slot != current.slot && slot.version.is_some());
            snaps.extend(others.map(|slot| value(&system, slot, hold)));
        }
        Ok(snaps)
    }

    pub(super) fn snap(&self, name: &str) -> Result<Answer, ApiError> {
        if !is_part(name) {
            return self.installed_snap(name);
        }
        let system = self.device.system()?;
        let hold = self.device.settings().hold;
        Ok(Answer::Sync(value(&system, current(&system), hold)))
    }
}

/// What snapd calls the current revision: what runs, or what the next reboot brings.
fn current(system: &SystemInfo) -> &SlotInfo {
    let next = |slot: &&SlotInfo| Some(slot.slot) == system.next_slot;
    system.others.iter().find(next).unwrap_or(&system.running)
}

fn value(system: &SystemInfo, slot: &SlotInfo, hold: Hold) -> Value {
    let is_current = slot.slot == current(system).slot;
    let is_running = slot.slot == system.running.slot;
    let version = slot
        .version
        .map_or_else(|| "unknown".to_owned(), |v| v.to_string());
    let channel = system.channel.to_string();
    let mut snap = json!({
        "id": "",
        "name": PART,
        "title": system.product,
        "summary": format!("The system of {}", system.product),
        "description": format!("Board {}, {}", system.board, slot.slot),
        "developer": "",
        "type": "os",
        "version": version,
        "revision": slot.version.unwrap_or(0).to_string(),
        "channel": channel,
        "tracking-channel": channel,
        "status": if is_current { "active" } else { "installed" },
        "confinement": "strict",
        "devmode": false,
        "jailmode": false,
        "private": false,
        "ignore-validation": false,
        "contact": "",
        "apps": [],
        "hold": held_until(hold),
        "twinkeel": {
            "slot": slot.slot,
            "status": slot.status,
            "fingerprint": slot.fingerprint,
            "problem": slot.problem,
            "running": is_running,
        },
    });
    if is_current && !is_running {
        let running = system
            .running
            .version
            .map_or_else(|| "none".to_owned(), |v| v.to_string());
        snap["health"] = json!({
            "revision": slot.version.unwrap_or(0).to_string(),
            "timestamp": UtcTime::of_this_machine(),
            "status": "waiting",
            "message": format!("reboot to use it; version {running} runs until then"),
        });
    }
    snap
}
