//! `snappy list`, and the table of parts that other verbs end with.

use crate::arguments::Form;
use crate::daemon::Daemon;
use crate::sentence::plain;
use crate::table::render;
use crate::versions::PART;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const HEADER: [&str; 6] = [
    "Part",
    "Tag",
    "Installed",
    "Available",
    "Fingerprint",
    "Active",
];
/// What `-v` adds.
const MORE: [&str; 4] = ["Publisher", "Revision", "Size", "Grants"];
/// Digits of a root hash that people are shown.
const FINGERPRINT: usize = 14;
/// The tag of what nobody vouches for, as in 2015.
pub(crate) const SIDELOAD: &str = "sideload";
const MEBIBYTE: f64 = (1 << 20) as f64;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) revisions: Revisions,
    pub(crate) columns: Columns,
}

/// Which revisions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revisions {
    Current,
    All,
    /// Of what the store has something newer of.
    Outdated,
}

/// How much is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// As in 2014.
    Few,
    All,
}

/// What `snappy list` prints.
pub(crate) fn run(asked: List, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    let mut here = daemon.get(match asked.revisions {
        Revisions::Current | Revisions::Outdated => "/v2/snaps",
        Revisions::All => "/v2/snaps?select=all",
    })?;
    let mut notes = String::new();
    if asked.revisions == Revisions::Outdated {
        let newer = daemon.get("/v2/find?select=refresh")?;
        note_available(&mut here, &newer);
        notes = parts(&newer).iter().filter_map(note).collect();
    }
    Ok(match form {
        Form::Json => format!("{}\n", json!({ "parts": values(&here) })),
        Form::Text if parts(&here).is_empty() => "Nothing newer is there for this device.\n".into(),
        Form::Text => match asked.columns {
            Columns::Few => table(&here) + &notes,
            Columns::All => wide_table(&here) + &notes,
        },
    })
}

/// Why the device does not take it by itself, if so: a person may.
fn note(newer: &Value) -> Option<String> {
    let reason = newer["twinkeel"]["not-taken-by-itself"].as_str()?;
    let [name, version] = [&newer["name"], &newer["version"]].map(text);
    let reason = plain(reason);
    Some(format!(
        "{name} {version} is not taken by itself: {reason}; 'snappy update {name}' takes it.\n"
    ))
}

/// Leaves what the store has something newer of, and what that is. The newest stands first.
fn note_available(here: &mut Value, newer: &Value) {
    let Some(here) = here.as_array_mut() else {
        return;
    };
    here.retain_mut(|part| {
        let found = parts(newer).iter().find(|one| one["name"] == part["name"]);
        if let Some(found) = found {
            part["available"] = found["version"].clone();
        }
        found.is_some()
    });
}

pub(crate) fn parts(here: &Value) -> &[Value] {
    here.as_array().map_or(&[], Vec::as_slice)
}

/// The table of 2014.
pub(crate) fn table(here: &Value) -> String {
    let rows = parts(here).iter().map(row);
    let rows = std::iter::once(HEADER.map(String::from)).chain(rows);
    render(&rows.collect::<Vec<_>>()) + &problems(here)
}

/// A line for each snap with which something is wrong.
fn problems(here: &Value) -> String {
    let told = |part: &Value| {
        let [name, revision] = [&part["name"], &part["revision"]].map(text);
        let problem = problem(part)?;
        Some(format!("{name}, revision {revision}: {problem}.\n"))
    };
    parts(here).iter().filter_map(told).collect()
}

/// What is wrong with a snap.
pub(crate) fn problem(part: &Value) -> Option<String> {
    let health = &part["health"];
    let message = health["message"].as_str();
    message.filter(|_| health["status"] == "error").map(plain)
}

fn wide_table(here: &Value) -> String {
    let wide = |row: [String; 6], more: [String; 4]| {
        let mut cells = row.into_iter().chain(more);
        std::array::from_fn::<_, 10, _>(|_| cells.next().unwrap_or_default())
    };
    let head = wide(HEADER.map(String::from), MORE.map(String::from));
    let rows = parts(here).iter().map(|part| wide(row(part), more(part)));
    render(&std::iter::once(head).chain(rows).collect::<Vec<_>>()) + &problems(here)
}

fn row(part: &Value) -> [String; 6] {
    // A system that waits for a reboot counts already, and does not run.
    let is_waiting = part["twinkeel"]["running"] == false;
    let active = match (part["status"].as_str(), is_waiting) {
        (Some("active"), true) => "R",
        (Some("active"), false) => "*",
        _ => "",
    };
    [
        text(&part["name"]),
        plain(tag(part)),
        text(&part["version"]),
        text(&part["available"]),
        plain(fingerprint(part)),
        active.into(),
    ]
}

fn more(part: &Value) -> [String; 4] {
    [
        publisher(part),
        text(&part["revision"]),
        size(&part["installed-size"]),
        grants(part),
    ]
}

/// What a snap is granted, by whomever: `snappy hw-info` tells by whom.
pub(crate) fn grants(part: &Value) -> String {
    let granted = &part["twinkeel"]["grants"];
    let of = |who: &str| granted[who].as_array().map_or(&[][..], Vec::as_slice);
    let words = of("administrator").iter().chain(of("store"));
    let words: BTreeSet<_> = words.filter_map(Value::as_str).map(plain).collect();
    match words.is_empty() {
        true => "-".to_owned(),
        false => Vec::from_iter(words).join(", "),
    }
}

/// A text of somebody else, or a dash in place of none.
pub(crate) fn text(value: &Value) -> String {
    match value.as_str() {
        None | Some("") => "-".to_owned(),
        Some(text) => plain(text),
    }
}

/// Who vouches for a snap.
pub(crate) fn publisher(part: &Value) -> String {
    text(&part["developer"])
}

/// A number of bytes, for people.
pub(crate) fn size(bytes: &Value) -> String {
    match bytes.as_u64() {
        Some(bytes) => format!("{:.1} MiB", bytes as f64 / MEBIBYTE),
        None => "-".to_owned(),
    }
}

pub(crate) fn tag(part: &Value) -> &str {
    match part["twinkeel"]["unauthenticated"].as_bool() {
        Some(true) => SIDELOAD,
        _ => part["channel"].as_str().unwrap_or("-"),
    }
}

pub(crate) fn fingerprint(part: &Value) -> &str {
    let digits = part["twinkeel"]["fingerprint"].as_str().unwrap_or("-");
    digits.get(..FINGERPRINT).unwrap_or(digits)
}

pub(crate) fn values(here: &Value) -> Vec<Value> {
    let value = |part: &Value| {
        json!({
            "part": part["name"],
            "tag": tag(part),
            "installed": part["version"],
            "available": part["available"],
            "revision": part["revision"],
            "fingerprint": fingerprint(part),
            "publisher": part["developer"],
            "size_bytes": part["installed-size"],
            "grants": part["twinkeel"]["grants"],
            "active": part["status"] == "active",
            "problem": problem(part),
            "system": part["name"] == PART,
        })
    };
    parts(here).iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_by_itself_has_its_reason() {
        let mut newer = json!({ "name": "hello", "version": "1.1", "twinkeel": {} });
        assert_eq!(note(&newer), None);
        newer["twinkeel"]["not-taken-by-itself"] = "it failed on this device".into();
        let told = "hello 1.1 is not taken by itself: it failed on this device; \
                    'snappy update hello' takes it.\n";
        assert_eq!(note(&newer).as_deref(), Some(told));
    }
}
