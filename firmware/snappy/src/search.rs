//! `snappy search`: the snaps that the store has for this device.

use crate::arguments::Form;
use crate::daemon::{Daemon, encoded};
use crate::sentence::plain;
use crate::table::render;
use anyhow::Result;
use serde_json::{Value, json};

/// What `snappy search` prints; without a word it is of every snap.
pub(crate) fn run(word: Option<&str>, form: Form) -> Result<String> {
    let query = word.map(|word| format!("?q={}", encoded(word)));
    let address = format!("/v2/find{}", query.unwrap_or_default());
    let mut found = match Daemon::find()?.get(&address)? {
        Value::Array(found) => found,
        _ => Vec::new(),
    };
    // Releases of the system are update-versions' to tell.
    found.retain(|part| part["type"] != "os");
    Ok(match form {
        Form::Json => {
            let values: Vec<Value> = found.iter().map(value).collect();
            format!("{}\n", json!({ "found": values }))
        }
        Form::Text if found.is_empty() => nothing(word),
        Form::Text => table(&found),
    })
}

fn nothing(word: Option<&str>) -> String {
    match word {
        Some(word) => format!("The store has no snap with {word:?} in its name or description.\n"),
        None => "The store has no snap for this device.\n".to_owned(),
    }
}

/// The table of 2014.
fn table(found: &[Value]) -> String {
    let head = ["Part", "Version", "Description"].map(String::from);
    let rows = found.iter().map(|part| {
        let description = part["summary"].as_str().unwrap_or_default();
        [
            plain(&typed(part, found)),
            plain(part["version"].as_str().unwrap_or("-")),
            plain(description.lines().next().unwrap_or("-")),
        ]
    });
    render(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// What `snappy install` takes: with the publisher where more than one has the name.
fn typed(part: &Value, found: &[Value]) -> String {
    let text = |key: &str| part[key].as_str().unwrap_or_default();
    let of_name = found.iter().filter(|other| other["name"] == part["name"]);
    match of_name.count() {
        1 => text("name").to_owned(),
        _ => format!("{}.{}", text("name"), text("developer")),
    }
}

fn value(part: &Value) -> Value {
    json!({
        "part": part["name"],
        "publisher": part["developer"],
        "version": part["version"],
        "revision": part["revision"],
        "size_bytes": part["download-size"],
        "description": part["summary"],
        "held": part["twinkeel"]["held"],
    })
}
