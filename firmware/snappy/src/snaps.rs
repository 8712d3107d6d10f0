//! `snappy install`, `remove`, `purge`, and what `update` and `rollback` do with a
//! snap: the daemon does it, and this tells how far it is.

use crate::arguments::{Form, SnapAct};
use crate::daemon::follow::{follow, say_how_to_follow};
use crate::daemon::{Daemon, Sent};
use crate::list::{table, values};
use crate::progress::Doing;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use snap_format::Grant;
use std::fs::File;

/// Has the daemon do it, and returns what to print.
pub(crate) fn run(act: &SnapAct, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    let id = match act {
        SnapAct::Install {
            name,
            channel,
            grants,
        } => {
            let ours = json!({ "grants": words(grants) });
            let body = json!({ "action": "install", "channel": channel, "twinkeel": ours });
            post(&daemon, name, &body)
        }
        SnapAct::Update { name, channel } => post(
            &daemon,
            name,
            &json!({ "action": "refresh", "channel": channel }),
        ),
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
    let change = follow(&daemon, &id, form, doing)?;
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

fn words(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(Grant::to_string).collect()
}

fn post(daemon: &Daemon, name: &str, body: &Value) -> Result<String, crate::daemon::DaemonError> {
    daemon.post(&format!("/v2/snaps/{name}"), body)
}

/// Only a file that comes is counted in bytes.
fn doing(task: &Value) -> Option<Doing> {
    let total_bytes = task["progress"]["total"].as_u64()?;
    (total_bytes > 1).then_some(Doing {
        name: "Fetching",
        done_bytes: task["progress"]["done"].as_u64()?,
        total_bytes,
    })
}
