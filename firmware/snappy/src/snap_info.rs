//! `snappy info SNAP`: a snap that is here, or one of the store.

use crate::arguments::Form;
use crate::daemon::{Daemon, DaemonError};
use crate::list::{fingerprint, grants, parts, problem, publisher, size, tag, text};
use crate::sentence::plain;
use anyhow::Result;
use serde_json::{Value, json};

/// What `snappy info SNAP` prints.
pub(crate) fn run(name: &str, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    let here = daemon.get(&format!("/v2/snaps?select=all&snaps={name}"))?;
    let current = parts(&here).iter().find(|one| one["status"] == "active");
    if let Some(current) = current.or(parts(&here).first()) {
        return Ok(match form {
            Form::Text => installed(current, parts(&here)),
            Form::Json => format!("{}\n", value(current, parts(&here))),
        });
    }
    let found = match daemon.get(&format!("/v2/find?name={name}")) {
        Err(DaemonError::Refused { kind, .. }) if kind.as_deref() == Some("snap-not-found") => {
            // The sentence of 2015.
            anyhow::bail!("No snap '{name}' found");
        }
        found => found?,
    };
    Ok(match form {
        Form::Text => parts(&found).iter().map(of_store).collect(),
        Form::Json => {
            let found: Vec<Value> = parts(&found).iter().map(|one| value(one, &[])).collect();
            format!("{}\n", json!({ "found": found }))
        }
    })
}

/// The lines of 2015 first.
fn installed(current: &Value, all: &[Value]) -> String {
    let revisions = all.iter().map(|one| {
        let mark = if one["status"] == "active" { "*" } else { "" };
        let [revision, version] = [&one["revision"], &one["version"]].map(text);
        let problem = problem(one).map_or_else(String::new, |problem| format!("    {problem}\n"));
        format!(
            "  {revision}{mark} {version} {}\n{problem}",
            fingerprint(one)
        )
    });
    let services = services(current);
    let services = match services.is_empty() {
        true => "-".to_owned(),
        false => services.join(", "),
    };
    format!(
        "{}license: {}\nconfinement: {}\nservices: {services}\ngrants: {}\nsize: {}\nrevisions:\n{}{}",
        head(current),
        text(&current["license"]),
        text(&current["confinement"]),
        grants(current),
        size(&current["installed-size"]),
        revisions.collect::<String>(),
        failed(current).unwrap_or_default(),
    )
}

/// A refresh that went back: it is not taken again by itself.
fn failed(current: &Value) -> Option<String> {
    let revision = current["twinkeel"]["failed"].as_str().map(plain)?;
    let name = text(&current["name"]);
    Some(format!(
        "failed: revision {revision}, which went back; 'snappy update {name}' takes it again\n"
    ))
}

fn of_store(one: &Value) -> String {
    let mut lines = head(one);
    lines += &format!("installed: no\nrevision: {}\n", text(&one["revision"]));
    lines += &format!("download size: {}\n", size(&one["download-size"]));
    if let Some(reason) = one["twinkeel"]["held"].as_str() {
        lines += &format!("held: {}\n", plain(reason));
    }
    lines
}

fn head(one: &Value) -> String {
    format!(
        "name: {}\nsummary: {}\npublisher: {}\nchannel: {}\nversion: {}\n",
        text(&one["name"]),
        text(&one["summary"]),
        publisher(one),
        tag(one),
        text(&one["version"]),
    )
}

/// Its services' names.
fn services(one: &Value) -> Vec<String> {
    let apps = one["apps"].as_array().map_or(&[][..], Vec::as_slice);
    let services = apps.iter().filter(|app| app["daemon"].is_string());
    services.map(|app| text(&app["name"])).collect()
}

fn value(one: &Value, all: &[Value]) -> Value {
    let revision = |one: &Value| {
        json!({
            "revision": one["revision"],
            "version": one["version"],
            "fingerprint": one["twinkeel"]["fingerprint"],
            "active": one["status"] == "active",
            "problem": problem(one),
        })
    };
    json!({
        "name": one["name"],
        "summary": one["summary"],
        "publisher": one["developer"],
        "tag": tag(one),
        "version": one["version"],
        "license": one["license"],
        "confinement": one["confinement"],
        "services": services(one),
        "grants": one["twinkeel"]["grants"],
        "installed_bytes": one["installed-size"],
        "download_bytes": one["download-size"],
        "held": one["twinkeel"]["held"],
        "failed": one["twinkeel"]["failed"],
        "revisions": all.iter().map(revision).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_back_is_told() {
        let one = json!({ "name": "hello", "twinkeel": { "failed": "3" } });
        let told = "failed: revision 3, which went back; 'snappy update hello' takes it again\n";
        assert_eq!(failed(&one).as_deref(), Some(told));
        assert_eq!(failed(&json!({ "name": "hello", "twinkeel": {} })), None);
    }
}
