//! `snappy hw-assign`, `hw-unassign` and `hw-info`, with the sentences of 2015.

use crate::arguments::{Form, HardwareAct};
use crate::daemon::Daemon;
use crate::daemon::follow::follow;
use crate::sentence::plain;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use snap_format::Grant;

/// Has the daemon do it, and returns what to print.
pub(crate) fn run(act: &HardwareAct, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    match act {
        HardwareAct::Info(name) => info(&daemon, name, form),
        HardwareAct::Assign(name, grant) => {
            let is_new = change(&daemon, name, "grant", grant, form)?;
            let text = match is_new {
                true => format!("'{name}' is now allowed to access '{grant}'\n"),
                false => format!("'{name}' previously allowed access to '{grant}'. Skipping\n"),
            };
            Ok(told(name, grant, is_new, text, form))
        }
        HardwareAct::Unassign(name, grant) => {
            let was_there = change(&daemon, name, "revoke", grant, form)?;
            if !was_there && form == Form::Text {
                bail!(
                    "cannot take '{grant}' from '{name}': nobody on this device granted it; \
                     'snappy hw-info {name}' tells what was"
                );
            }
            let text = format!("'{name}' is no longer allowed to access '{grant}'\n");
            Ok(told(name, grant, was_there, text, form))
        }
    }
}

fn told(name: &str, grant: &Grant, changed: bool, text: String, form: Form) -> String {
    match form {
        Form::Text => text,
        Form::Json => {
            let value = json!({ "part": name, "grant": grant.to_string(), "changed": changed });
            format!("{value}\n")
        }
    }
}

/// Returns whether it was otherwise before.
fn change(daemon: &Daemon, name: &str, action: &str, grant: &Grant, form: Form) -> Result<bool> {
    let body = json!({ "action": action, "twinkeel": { "grants": [grant.to_string()] } });
    let id = daemon.post(&format!("/v2/snaps/{name}"), &body)?;
    let change = follow(daemon, &id, form, |_| None)?;
    if let Some(message) = change["data"]["failure"]["message"].as_str() {
        bail!("{message}");
    }
    Ok(change["data"]["changed"] == true)
}

fn info(daemon: &Daemon, name: &str, form: Form) -> Result<String> {
    let snap = daemon.get(&format!("/v2/snaps/{name}"))?;
    let grants = &snap["twinkeel"]["grants"];
    if form == Form::Json {
        let value = json!({
            "part": name,
            "administrator": grants["administrator"],
            "store": grants["store"],
        });
        return Ok(format!("{value}\n"));
    }
    let mut text = String::new();
    for (who, by) in [("administrator", ""), ("store", " (the store's owner)")] {
        let words = grants[who].as_array().map_or(&[][..], Vec::as_slice);
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(plain).collect();
        if !words.is_empty() {
            text += &format!(
                "'{name}' is allowed to access '{}'{by}\n",
                words.join("', '")
            );
        }
    }
    if text.is_empty() {
        text = format!("'{name}' is not allowed to access additional hardware\n");
    }
    Ok(text)
}
