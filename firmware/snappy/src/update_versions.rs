//! `snappy update-versions`: what the store has for this device.

use crate::arguments::Form;
use crate::daemon::Daemon;
use crate::sentence::plain;
use crate::table::render;
use anyhow::Result;
use serde_json::{Value, json};

/// What `snappy update-versions` prints.
pub(crate) fn run(form: Form) -> Result<String> {
    let found = Daemon::find()?.get("/v2/find?select=refresh")?;
    Ok(output(found.as_array().map_or(&[], Vec::as_slice), form))
}

fn output(found: &[Value], form: Form) -> String {
    match form {
        Form::Json => {
            let available: Vec<Value> = found.iter().map(value).collect();
            format!("{}\n", json!({ "available": available }))
        }
        Form::Text => {
            // The sentence of 2014.
            let count = format!(
                "{} updated components are available with your current stability settings.\n",
                found.len()
            );
            count + &table(found)
        }
    }
}

fn table(found: &[Value]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let head = ["Part", "Tag", "Available", "Size", "Note"].map(String::from);
    let rows: Vec<_> = std::iter::once(head).chain(found.iter().map(row)).collect();
    render(&rows)
}

fn row(release: &Value) -> [String; 5] {
    let text = |value: &Value| plain(value.as_str().unwrap_or("-"));
    let mebibytes = release["download-size"].as_u64().unwrap_or(0) as f64 / f64::from(1 << 20);
    // What a device does not take by itself, a person may.
    let note = match release["twinkeel"]["not-taken-by-itself"].as_str() {
        Some(reason) => format!("{}: 'snappy update' takes it now", plain(reason)),
        None => String::new(),
    };
    [
        text(&release["name"]),
        text(&release["channel"]),
        text(&release["version"]),
        format!("{mebibytes:.1} MiB"),
        note,
    ]
}

fn value(release: &Value) -> Value {
    json!({
        "part": release["name"],
        "tag": release["channel"],
        "available": release["version"].as_str().and_then(|version| version.parse::<u64>().ok()),
        "size_bytes": release["download-size"],
        "notes": release["description"],
        "not_taken_by_itself": release["twinkeel"]["not-taken-by-itself"],
    })
}
