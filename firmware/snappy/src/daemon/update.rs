//! `snappy update` without `--from`: the daemon takes a release from the store.

use super::follow::{follow, say_how_to_follow};
use super::{Daemon, DaemonError, of_part};
use crate::arguments::{Form, Reboot, Stopped, StoreUpdate, Update};
use crate::progress::Doing;
use crate::versions::PART;
use anyhow::{Result, bail};
use image_format::Slot;
use serde_json::{Value, json};
use system_update::{Downgrade, FailedBefore, Progress, Step};

/// A manifest's digits that people are shown.
const FINGERPRINT: usize = 14;

/// Has the daemon update the system, shows how far it is, and returns what to print.
pub(crate) fn run(asked: &Update, store: &StoreUpdate, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    let channel = daemon.get(&of_part(""))?["channel"].take();
    let id = match daemon.post(&of_part(""), &request(asked, store)) {
        Ok(id) => id,
        Err(error) if error.is("snap-no-update-available") => {
            return Ok(nothing_to_do(&error, form));
        }
        Err(error) => return Err(error.into()),
    };
    say_how_to_follow(&id, form);
    let change = follow(&daemon, &id, form, doing)?;
    if let Some(message) = change["data"]["failure"]["message"].as_str() {
        bail!("{message}");
    }
    Ok(output(
        &change["data"]["staged"],
        &channel,
        store.reboot,
        form,
    ))
}

fn request(asked: &Update, store: &StoreUpdate) -> Value {
    let mut allow = Vec::new();
    if asked.downgrade == Downgrade::Allow {
        allow.push("downgrade");
    }
    if asked.failed_before == FailedBefore::Allow {
        allow.push("failed-before");
    }
    if store.stopped == Stopped::Allow {
        allow.push("stopped");
    }
    let reboot = match store.reboot {
        Reboot::ByHand => "later",
        Reboot::Automatic => "now",
    };
    json!({
        "action": "refresh",
        "revision": store.version,
        "twinkeel": { "allow": allow, "reboot": reboot },
    })
}

fn nothing_to_do(error: &DaemonError, form: Form) -> String {
    match form {
        Form::Text => format!("{error}\n"),
        Form::Json => {
            let reason = error.to_string();
            let done = json!({ "part": PART, "to": null, "reason": reason });
            format!("{done}\n")
        }
    }
}

fn doing(task: &Value) -> Option<Doing> {
    let step = match task["kind"].as_str()? {
        "write" => Step::Write,
        "verify" => Step::ReadBack,
        _ => return None,
    };
    let progress = Progress {
        step,
        done_bytes: task["progress"]["done"].as_u64()?,
        total_bytes: task["progress"]["total"].as_u64()?,
    };
    Some(progress.into())
}

/// As `snappy update --from` says it.
fn output(staged: &Value, channel: &Value, reboot: Reboot, form: Form) -> String {
    let fingerprint = |key: &str| {
        let digits = staged[key].as_str().unwrap_or_default();
        digits.get(..FINGERPRINT).unwrap_or(digits).to_owned()
    };
    let (from, to) = (&staged["running-version"], &staged["version"]);
    let (old, new) = (
        fingerprint("running-manifest-sha256"),
        fingerprint("manifest-sha256"),
    );
    match form {
        Form::Text => {
            let channel = channel.as_str().unwrap_or("-");
            let next = match reboot {
                Reboot::ByHand => format!("Reboot to try the new {PART}"),
                Reboot::Automatic => format!("Rebooting to try the new {PART}"),
            };
            format!(
                "Updating {PART}: ({channel} {from} {old} -> {channel} {to} {new})\n\
                 {next}; the old one comes back if it does not work.\n"
            )
        }
        Form::Json => {
            let done = json!({
                "part": PART,
                "from": { "slot": other_slot(&staged["slot"]), "version": from, "fingerprint": old },
                "to": { "slot": staged["slot"], "version": to, "fingerprint": new },
                "reboot_pending": true,
            });
            format!("{done}\n")
        }
    }
}

/// The slot that runs while that one is written.
fn other_slot(slot: &Value) -> Option<&'static str> {
    let mut all = Slot::ALL.into_iter();
    let found = all.find(|found| Some(found.name()) == slot.as_str())?;
    Some(found.other().name())
}
