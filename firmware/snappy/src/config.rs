//! `snappy config`: the settings of the daemon, and the configuration of snaps.

use crate::arguments::{Config, ConfigOf, Form};
use crate::daemon::follow::follow;
use crate::daemon::{Daemon, of_part};
use crate::sentence::plain;
use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

/// Sets what is to be set, and returns what to print: what was named, or everything.
pub(crate) fn run(asked: &Config, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    for key in asked.set.iter().map(|(key, _)| key).chain(&asked.get) {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let is_name = key.bytes().all(known);
        ensure!(is_name, "cannot show {key:?}: no setting has such a name");
    }
    match &asked.get[..] {
        [name, get @ ..] if asked.of == ConfigOf::FirstWord => match is_snap(&daemon, name)? {
            true => of_snap(&daemon, name, get, &asked.set, form),
            false => {
                // A snap that is not here is no reason to change the system.
                daemon.get(&of_part(&format!("/conf?keys={name}")))?;
                of_system(&daemon, asked, form)
            }
        },
        _ => of_system(&daemon, asked, form),
    }
}

fn of_system(daemon: &Daemon, asked: &Config, form: Form) -> Result<String> {
    if !asked.set.is_empty() {
        daemon.put(&of_part("/conf"), &Value::Object(patch(&asked.set)))?;
    }
    let set = asked.set.iter().map(|(key, _)| key);
    let shown: Vec<&str> = set.chain(&asked.get).map(String::as_str).collect();
    let found = daemon.get(&of_part(&format!("/conf?keys={}", shown.join(","))))?;
    Ok(output(&found, form))
}

fn is_snap(daemon: &Daemon, name: &str) -> Result<bool> {
    match daemon.get(&format!("/v2/snaps/{name}")) {
        Ok(_) => Ok(true),
        Err(error) if error.is("snap-not-found") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn of_snap(
    daemon: &Daemon,
    name: &str,
    get: &[String],
    set: &[(String, String)],
    form: Form,
) -> Result<String> {
    let address = format!("/v2/snaps/{name}/conf");
    if !set.is_empty() {
        let id = daemon.put(&address, &Value::Object(patch(set)))?;
        let change = follow(daemon, &id, form, |_| None)?;
        if let Some(message) = change["data"]["failure"]["message"].as_str() {
            bail!("{message}");
        }
    }
    // What was unset has nothing to show.
    let kept = set.iter().filter(|(_, value)| !value.is_empty());
    let kept = kept.map(|(key, _)| key);
    let shown: Vec<&str> = kept.chain(get).map(String::as_str).collect();
    if shown.is_empty() && !set.is_empty() {
        return Ok(String::new());
    }
    let found = daemon.get(&format!("{address}?keys={}", shown.join(",")))?;
    match (form, found.as_object()) {
        (Form::Text, Some(found)) if found.is_empty() => {
            Ok(format!("{name} has no configuration.\n"))
        }
        _ => Ok(output(&found, form)),
    }
}

fn patch(words: &[(String, String)]) -> Map<String, Value> {
    words
        .iter()
        .map(|(key, word)| (key.clone(), parse_value(word)))
        .collect()
}

/// JSON, or else a text. Nothing unsets it: a setting goes back to the image's
/// default.
fn parse_value(word: &str) -> Value {
    match word {
        "" => Value::Null,
        word => serde_json::from_str(word).unwrap_or_else(|_| word.into()),
    }
}

fn output(found: &Value, form: Form) -> String {
    match (form, found.as_object()) {
        (Form::Text, Some(found)) => found.iter().map(line).collect(),
        _ => format!("{found}\n"),
    }
}

fn line((key, value): (&String, &Value)) -> String {
    match value {
        Value::String(text) => format!("{key}: {}\n", plain(text)),
        Value::Null => format!("{key}: -\n"),
        other => format!("{key}: {}\n", plain(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_word_is_json_or_a_text() {
        let table = [
            ("", Value::Null),
            ("edge", json!("edge")),
            ("3600", json!(3600)),
            ("[\"http://a\"]", json!(["http://a"])),
            ("22:30-05:00", json!("22:30-05:00")),
        ];
        for (word, value) in table {
            assert_eq!(parse_value(word), value, "{word:?}");
        }
    }

    #[test]
    fn settings_are_lines() {
        let found = json!({ "channel": "edge", "rate": null, "store": ["a", "b"], "secs": 5 });
        assert_eq!(
            output(&found, Form::Text),
            "channel: edge\nrate: -\nsecs: 5\nstore: [\"a\",\"b\"]\n"
        );
    }
}
