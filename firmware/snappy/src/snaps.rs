//! `snappy install`, `remove`, `purge`, `list`, and what `update` and `rollback` do with a
//! snap: the daemon does it, and this tells how far it is.

use crate::arguments::{Form, SnapAct};
use crate::daemon::follow::{follow, say_how_to_follow};
use crate::daemon::{Daemon, Sent};
use crate::sentence::plain;
use crate::table::render;
use crate::versions::PART;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use snap_format::Grant;
use std::fs::File;
use system_update::{Progress, Step};

const HEADER: [&str; 6] = [
    "Part",
    "Tag",
    "Installed",
    "Available",
    "Fingerprint",
    "Active",
];
/// Digits of a root hash that people are shown.
const FINGERPRINT: usize = 14;
/// The tag of what nobody vouches for, as in 2015.
const SIDELOAD: &str = "sideload";

/// Which revisions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revisions {
    Current,
    All,
}

/// Has the daemon do it, and returns what to print.
pub(crate) fn run(act: &SnapAct, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    let id = match act {
        SnapAct::Install(name, grants) => {
            let body = json!({ "action": "install", "twinkeel": { "grants": words(grants) } });
            post(&daemon, name, &body)
        }
        SnapAct::Update(name) => post(&daemon, name, &json!({ "action": "refresh" })),
        SnapAct::Rollback(name) => post(&daemon, name, &json!({ "action": "revert" })),
        SnapAct::Remove(name) => post(&daemon, name, &json!({ "action": "remove" })),
        SnapAct::Purge(name) => post(&daemon, name, &json!({ "action": "remove", "purge": true })),
        SnapAct::InstallFile(path, grants) => {
            let cannot = || format!("cannot read {}", path.display());
            let mut file = File::open(path).with_context(cannot)?;
            let length_bytes = file.metadata().with_context(cannot)?.len();
            let grants = words(grants).join(",");
            let fields = [
                ("action", "install"),
                ("dangerous", "true"),
                ("grants", &*grants),
            ];
            let sent = Sent {
                fields: &fields,
                length_bytes,
                file: &mut file,
            };
            Ok(daemon.send("/v2/snaps", sent)?)
        }
    };
    let id = match id {
        Err(error) if error.is("snap-no-update-available") && form == Form::Text => {
            return Ok(format!("{error}\n"));
        }
        id => id?,
    };
    say_how_to_follow(&id, form);
    let change = follow(&daemon, &id, form, progress)?;
    if let Some(message) = change["data"]["failure"]["message"].as_str() {
        bail!("{message}");
    }
    if let Some(left) = change["data"]["left-behind"].as_str() {
        eprintln!("snappy: what nobody needs any more stays on the disk: {left}");
    }
    let name = change["data"]["snap-name"].as_str().unwrap_or_default();
    let here = daemon.get(&format!("/v2/snaps?snaps={name}"))?;
    Ok(match form {
        Form::Json => format!("{}\n", json!({ "part": name, "here": values(&here) })),
        Form::Text => match act {
            SnapAct::Remove(_) => {
                format!("Removed {name}; 'snappy purge {name}' removes its data\n")
            }
            SnapAct::Purge(_) => format!("Purged {name}\n"),
            _ => table(&here),
        },
    })
}

/// What `snappy list` prints.
pub(crate) fn list(revisions: Revisions, form: Form) -> Result<String> {
    let address = match revisions {
        Revisions::Current => "/v2/snaps",
        Revisions::All => "/v2/snaps?select=all",
    };
    let here = Daemon::find()?.get(address)?;
    Ok(match form {
        Form::Json => format!("{}\n", json!({ "parts": values(&here) })),
        Form::Text => table(&here),
    })
}

fn words(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(Grant::to_string).collect()
}

fn post(daemon: &Daemon, name: &str, body: &Value) -> Result<String, crate::daemon::DaemonError> {
    daemon.post(&format!("/v2/snaps/{name}"), body)
}

/// How far the task is that goes on, if that can be told.
fn progress(change: &Value) -> Option<Progress> {
    let tasks = change["tasks"].as_array()?;
    let task = tasks.iter().find(|task| task["status"] == "Doing")?;
    let total_bytes = task["progress"]["total"]
        .as_u64()
        .filter(|total| *total > 1)?;
    Some(Progress {
        step: Step::Write,
        done_bytes: task["progress"]["done"].as_u64()?,
        total_bytes,
    })
}

fn table(here: &Value) -> String {
    let rows = here
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(row);
    let rows: Vec<_> = std::iter::once(HEADER.map(String::from))
        .chain(rows)
        .collect();
    render(&rows)
}

fn tag(snap: &Value) -> &str {
    match snap["twinkeel"]["unauthenticated"].as_bool() {
        Some(true) => SIDELOAD,
        _ => snap["channel"].as_str().unwrap_or("-"),
    }
}

fn fingerprint(snap: &Value) -> &str {
    let digits = snap["twinkeel"]["fingerprint"].as_str().unwrap_or("-");
    digits.get(..FINGERPRINT).unwrap_or(digits)
}

fn row(snap: &Value) -> [String; 6] {
    let text = |value: &Value| plain(value.as_str().unwrap_or("-"));
    // A system that waits for a reboot counts already, and does not run.
    let is_waiting = snap["twinkeel"]["running"] == false;
    let active = match (snap["status"].as_str(), is_waiting) {
        (Some("active"), true) => "R",
        (Some("active"), false) => "*",
        _ => "",
    };
    [
        text(&snap["name"]),
        plain(tag(snap)),
        text(&snap["version"]),
        "-".into(),
        plain(fingerprint(snap)),
        active.into(),
    ]
}

fn values(here: &Value) -> Vec<Value> {
    let snaps = here.as_array().map_or(&[][..], Vec::as_slice);
    let value = |snap: &Value| {
        json!({
            "part": snap["name"],
            "tag": tag(snap),
            "installed": snap["version"],
            "revision": snap["revision"],
            "fingerprint": fingerprint(snap),
            "active": snap["status"] == "active",
            "system": snap["name"] == PART,
        })
    };
    snaps.iter().map(value).collect()
}
