//! The words behind `snapctl`, as snapd has them. Pure.

use crate::snaps::ServiceCommand;
use serde_json::{Map, Value};

/// What a program asks.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    Get(Get),
    /// A value for each key, and null for none.
    Set(Map<String, Value>),
    /// Of these, or all.
    Services(Vec<String>),
    Control(ServiceCommand, Vec<String>),
    IsConnected(String),
    /// It works: nothing is to be done.
    Healthy,
}

/// What of the configuration, and how it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Get {
    pub(super) keys: Vec<String>,
    pub(super) form: Form,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A text as it is.
    Plain,
    /// As JSON.
    Typed,
    /// As a document with the keys.
    Document,
}

pub(super) fn parse(words: &[String]) -> Result<Asked, String> {
    let mut words = words.iter().map(String::as_str);
    let verb = words.next().unwrap_or_default();
    let (flags, words): (Vec<_>, Vec<_>) =
        words.partition(|word| word.len() > 1 && word.starts_with('-'));
    let has = |names: [&str; 2]| flags.iter().any(|flag| names.contains(flag));
    let known: &[&str] = match verb {
        "get" => &["-d", "-t"],
        "set" => &["-s", "-t"],
        "start" => &["--enable"],
        "stop" => &["--disable"],
        "restart" => &["--reload"],
        _ => &[],
    };
    if let Some(flag) = flags.iter().find(|flag| !known.contains(flag)) {
        return Err(format!("unknown option {flag:?} of snapctl {verb}"));
    }
    let texts = || {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let some = |act: Asked| match words.is_empty() {
        true => Err(format!("say what snapctl is to {verb}")),
        false => Ok(act),
    };
    match verb {
        "get" if words.iter().any(|word| word.starts_with(':')) => {
            Err("cannot get attributes of plugs and slots: there are none here".to_owned())
        }
        "get" => some(Asked::Get(Get {
            keys: texts(),
            form: match (has(["-d", ""]), has(["-t", ""])) {
                (true, _) => Form::Document,
                (false, true) => Form::Typed,
                (false, false) => Form::Plain,
            },
        })),
        "set" => some(Asked::Set(patch(&words, &flags)?)),
        "unset" => some(Asked::Set(
            words
                .iter()
                .map(|key| ((*key).to_owned(), Value::Null))
                .collect(),
        )),
        "services" => Ok(Asked::Services(texts())),
        "start" | "stop" | "restart" => {
            let command = match (verb, flags.is_empty()) {
                ("start", true) => ServiceCommand::Start,
                ("start", false) => ServiceCommand::StartAndEnable,
                ("stop", true) => ServiceCommand::Stop,
                ("stop", false) => ServiceCommand::StopAndDisable,
                (_, true) => ServiceCommand::Restart,
                (_, false) => ServiceCommand::Reload,
            };
            some(Asked::Control(command, texts()))
        }
        "is-connected" => match words[..] {
            [plug] => Ok(Asked::IsConnected(plug.to_owned())),
            _ => Err("say one plug of this snap".to_owned()),
        },
        "set-health" => match words.first() {
            Some(&"okay") => Ok(Asked::Healthy),
            _ => Err(
                "cannot keep that health: a hook check-health that ends with another code \
                      than 0 says that the snap does not work"
                    .to_owned(),
            ),
        },
        other => Err(format!(
            "unknown command {other:?}; there are get, set, unset, services, start, stop, \
             restart, is-connected and set-health"
        )),
    }
}

/// `key=value`, JSON or else a text; `key!` unsets.
fn patch(words: &[&str], flags: &[&str]) -> Result<Map<String, Value>, String> {
    let mut patch = Map::new();
    for word in words {
        let (key, value) = match (word.split_once('='), word.strip_suffix('!')) {
            (Some((key, value)), _) => (key, parse_value(value, flags)?),
            (None, Some(key)) => (key, Value::Null),
            (None, None) => {
                return Err(format!("invalid parameter: {word:?} (want key=value)"));
            }
        };
        patch.insert(key.to_owned(), value);
    }
    Ok(patch)
}

fn parse_value(text: &str, flags: &[&str]) -> Result<Value, String> {
    if flags.contains(&"-s") {
        return Ok(text.into());
    }
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) if flags.contains(&"-t") => {
            Err(format!("failed to parse JSON: {text:?}: {error}"))
        }
        Err(_) => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse_line(line: &str) -> Result<Asked, String> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    fn set(patch: &Value) -> Asked {
        Asked::Set(patch.as_object().unwrap().clone())
    }

    #[test]
    fn a_table_of_what_can_be_asked() {
        let get = |keys: &[&str], form| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Asked::Get(Get { keys, form })
        };
        let web = || vec!["hello.web".to_owned()];
        let table = [
            ("get port", get(&["port"], Form::Plain)),
            ("get -t a b", get(&["a", "b"], Form::Typed)),
            ("get a -d", get(&["a"], Form::Document)),
            (
                "set port=80 name=ann gone!",
                set(&json!({ "port": 80, "name": "ann", "gone": null })),
            ),
            ("set -s port=80", set(&json!({ "port": "80" }))),
            ("set a=b=c e=", set(&json!({ "a": "b=c", "e": "" }))),
            ("unset a b.c", set(&json!({ "a": null, "b.c": null }))),
            ("services", Asked::Services(Vec::new())),
            (
                "stop --disable hello.web",
                Asked::Control(ServiceCommand::StopAndDisable, web()),
            ),
            (
                "restart hello.web",
                Asked::Control(ServiceCommand::Restart, web()),
            ),
            (
                "is-connected network",
                Asked::IsConnected("network".to_owned()),
            ),
            ("set-health okay", Asked::Healthy),
        ];
        for (line, asked) in table {
            assert_eq!(parse_line(line), Ok(asked), "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (line, told) in [
            ("", "unknown command \"\""),
            ("fly", "unknown command \"fly\""),
            ("get", "say what snapctl is to get"),
            ("get -x a", "unknown option \"-x\""),
            ("get :network", "cannot get attributes"),
            ("set port", "invalid parameter: \"port\""),
            ("set -t port=no", "failed to parse JSON"),
            ("restart", "say what snapctl is to restart"),
            ("set-health error broken", "cannot keep that health"),
        ] {
            let why = parse_line(line).unwrap_err();
            assert!(why.starts_with(told), "{line}: {why}");
        }
    }
}
