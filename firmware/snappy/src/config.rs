//! `snappy config`: the settings of the daemon.

use crate::arguments::{Config, Form};
use crate::daemon::{Daemon, of_part};
use crate::sentence::plain;
use anyhow::{Result, ensure};
use serde_json::{Map, Value};

/// Sets what is to be set, and returns what to print: what was named, or everything.
pub(crate) fn run(asked: &Config, form: Form) -> Result<String> {
    let daemon = Daemon::find()?;
    if !asked.set.is_empty() {
        daemon.put(&of_part("/conf"), &Value::Object(patch(&asked.set)))?;
    }
    let set = asked.set.iter().map(|(key, _)| key);
    let shown: Vec<&str> = set.chain(&asked.get).map(String::as_str).collect();
    for key in &shown {
        let is_name = key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure!(is_name, "cannot show {key:?}: no setting has such a name");
    }
    let found = daemon.get(&of_part(&format!("/conf?keys={}", shown.join(","))))?;
    Ok(output(&found, form))
}

fn patch(words: &[(String, String)]) -> Map<String, Value> {
    words
        .iter()
        .map(|(key, word)| (key.clone(), parse_value(word)))
        .collect()
}

/// JSON, or else a text. Nothing takes the setting back to the image's default.
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
