//! What `snapctl get` prints, as snapd's does. Pure.

use super::asked::{Form, Get};
use serde_json::{Map, Value};
use snap_format::SnapName;
use snap_store::Configuration;

pub(super) fn output(
    configuration: &Configuration,
    snap: &SnapName,
    get: &Get,
) -> Result<String, String> {
    let find = |key: &String| configuration.get(key).map_err(|error| error.to_string());
    if let ([key], Form::Plain | Form::Typed) = (&get.keys[..], get.form) {
        return Ok(match (find(key)?, get.form) {
            // Unset is nothing, and no error.
            (None | Some(Value::Null), Form::Plain) => "\n".to_owned(),
            (None, _) => "null\n".to_owned(),
            (Some(Value::String(text)), Form::Plain) => format!("{text}\n"),
            (Some(value), _) => pretty(value),
        });
    }
    let mut document = Map::new();
    for key in &get.keys {
        if let Some(value) = find(key)? {
            document.insert(key.clone(), value.clone());
        }
    }
    match document.is_empty() && get.form == Form::Document {
        true => Err(format!(
            "snap {:?} has none of these options",
            snap.as_str()
        )),
        false => Ok(pretty(&document.into())),
    }
}

/// With tabs, as snapd's.
fn pretty(value: &Value) -> String {
    use serde::Serialize;
    let mut text = Vec::new();
    let tabs = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, tabs);
    // Into memory, and of values: it does not fail.
    let _ = value.serialize(&mut writer);
    text.push(b'\n');
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_printed_as_snapd_prints_them() {
        let patch = json!({ "port": 80, "name": "ann", "user": { "name": "x" } });
        let configuration = Configuration::default();
        let configuration = configuration.patched(patch.as_object().unwrap()).unwrap();
        let snap = "hello".parse().unwrap();
        let table: [(&[&str], Form, &str); 8] = [
            (&["port"], Form::Plain, "80\n"),
            (&["name"], Form::Plain, "ann\n"),
            (&["name"], Form::Typed, "\"ann\"\n"),
            (&["none"], Form::Plain, "\n"),
            (&["none"], Form::Typed, "null\n"),
            (&["user"], Form::Plain, "{\n\t\"name\": \"x\"\n}\n"),
            (&["user.name"], Form::Plain, "x\n"),
            (&["port", "none"], Form::Plain, "{\n\t\"port\": 80\n}\n"),
        ];
        for (keys, form, expected) in table {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            let said = output(&configuration, &snap, &Get { keys, form });
            assert_eq!(said.as_deref(), Ok(expected), "{form:?}");
        }
        let keys = vec!["port.x".to_owned()];
        let form = Form::Plain;
        let said = output(&configuration, &snap, &Get { keys, form });
        assert!(said.unwrap_err().contains("is not a map"));
    }
}
