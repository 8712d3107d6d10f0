//! The configuration of a snap: a JSON document whose parts are named by dotted keys, as
//! snapd has it. Pure.
//!
//! It lies in the state, with the revision it belongs to, so it is bounded: in bytes, and in
//! levels, which whoever reads the state again takes one by one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The longest document.
const MOST_BYTES: usize = 32 << 10;
/// So many maps and lists in each other. A reader of JSON bears 128, and the state has its own.
const MOST_LEVELS: usize = 32;

/// What a person set of a snap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Configuration(Map<String, Value>);

/// Why it cannot be read or set so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationError {
    /// No option has such a name.
    Name(String),
    /// What stands there has no options in it.
    NotAMap(String),
    /// It would be too long.
    TooLong(usize),
    /// It would be too deep.
    TooDeep,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "invalid option name: {name:?}; give lower-case letters, digits and dashes \
                 between dots"
            ),
            Self::NotAMap(key) => write!(f, "option {key:?} is not a map; unset it first"),
            Self::TooLong(bytes) => write!(
                f,
                "cannot keep a configuration of {bytes} bytes: {MOST_BYTES} are the most; give \
                 the snap a file"
            ),
            Self::TooDeep => write!(
                f,
                "cannot keep a configuration of more than {MOST_LEVELS} levels; give the snap a \
                 file"
            ),
        }
    }
}

impl std::error::Error for ConfigurationError {}

impl Configuration {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it.
    #[must_use]
    pub fn document(&self) -> &Map<String, Value> {
        &self.0
    }

    /// What `key` is set to.
    ///
    /// # Errors
    /// It is no key, or leads through something that is no map.
    pub fn get(&self, key: &str) -> Result<Option<&Value>, ConfigurationError> {
        let (first, rest) = parse_key(key)?;
        let mut found = self.0.get(first);
        let mut at = first.len();
        for name in rest {
            let Some(value) = found else { return Ok(None) };
            let map = value.as_object().ok_or_else(|| not_a_map(key, at))?;
            found = map.get(name);
            at += 1 + name.len();
        }
        Ok(found)
    }

    /// This one, with each key of `patch` set; `null` unsets it.
    ///
    /// # Errors
    /// Of several that cannot all be set, none is.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, ConfigurationError> {
        let mut new = self.clone();
        for (key, value) in patch {
            new.set(key, without_nulls(value))?;
        }
        let levels = new.0.values().map(levels).max().unwrap_or_default();
        if levels >= MOST_LEVELS {
            return Err(ConfigurationError::TooDeep);
        }
        let bytes = Value::from(new.0.clone()).to_string().len();
        match bytes > MOST_BYTES {
            true => Err(ConfigurationError::TooLong(bytes)),
            false => Ok(new),
        }
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), ConfigurationError> {
        let (first, rest) = parse_key(key)?;
        if rest.len() >= MOST_LEVELS {
            return Err(ConfigurationError::TooDeep);
        }
        let (mut map, mut last, mut at) = (&mut self.0, first, first.len());
        for name in rest {
            if value.is_null() && !map.contains_key(last) {
                return Ok(());
            }
            let inner = map.entry(last).or_insert_with(|| Map::new().into());
            map = inner.as_object_mut().ok_or_else(|| not_a_map(key, at))?;
            (last, at) = (name, at + 1 + name.len());
        }
        match value {
            Value::Null => map.remove(last),
            value => map.insert(last.to_owned(), value),
        };
        Ok(())
    }
}

fn not_a_map(key: &str, end: usize) -> ConfigurationError {
    ConfigurationError::NotAMap(key.get(..end).unwrap_or(key).to_owned())
}

/// The names between the dots, which are of snapd's form:
/// `^(?:[a-z0-9]+-?)*[a-z](?:-?[a-z0-9])*$`.
fn parse_key(key: &str) -> Result<(&str, Vec<&str>), ConfigurationError> {
    let mut names = key.split('.');
    let first = names.next().unwrap_or_default();
    let rest: Vec<_> = names.collect();
    for name in std::iter::once(&first).chain(&rest) {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = name.bytes().all(known)
            && name.bytes().any(|byte| byte.is_ascii_lowercase())
            && name.split('-').all(|word| !word.is_empty());
        if !is_name {
            return Err(ConfigurationError::Name((*name).to_owned()));
        }
    }
    Ok((first, rest))
}

/// What is null in a map is not there.
fn without_nulls(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return value.clone();
    };
    let kept = map.iter().filter(|(_, value)| !value.is_null());
    let kept = kept.map(|(key, value)| (key.clone(), without_nulls(value)));
    Value::Object(kept.collect())
}

fn levels(value: &Value) -> usize {
    let inner = match value {
        Value::Object(map) => map.values().map(levels).max(),
        Value::Array(list) => list.iter().map(levels).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(before: &Configuration, patch: &Value) -> Result<Configuration, ConfigurationError> {
        before.patched(patch.as_object().unwrap())
    }

    #[test]
    fn dotted_keys_lead_into_maps() {
        let none = Configuration::default();
        let one = patched(&none, &json!({ "a.b.c": 1, "a.d": [null], "e": "x" })).unwrap();
        let document = json!({ "a": { "b": { "c": 1 }, "d": [null] }, "e": "x" });
        assert_eq!(Value::from(one.0.clone()), document);
        assert_eq!(one.get("a.b").unwrap(), Some(&json!({ "c": 1 })));
        assert_eq!(one.get("a.x.y").unwrap(), None);
        let error = ConfigurationError::NotAMap("a.b.c".into());
        assert_eq!(one.get("a.b.c.d"), Err(error.clone()));
        assert_eq!(patched(&one, &json!({ "a.b.c.d": 2 })), Err(error));
    }

    #[test]
    fn null_unsets_and_makes_nothing() {
        let one = patched(&Configuration::default(), &json!({ "a.b": 1, "c": 2 })).unwrap();
        let two = patched(&one, &json!({ "a.b": null, "x.y.z": null, "c": null })).unwrap();
        assert_eq!(Value::from(two.0), json!({ "a": {} }));
        let nested = patched(&one, &json!({ "a": { "x": null, "y": { "z": null } } })).unwrap();
        assert_eq!(nested.get("a").unwrap(), Some(&json!({ "y": {} })));
    }

    #[test]
    fn names_are_snapds() {
        for good in ["a", "9a", "a-b", "1-a-2.b9"] {
            assert!(parse_key(good).is_ok(), "{good}");
        }
        for bad in [
            "", ".", "a.", ".a", "A", "1", "1-2", "a--b", "-a", "a-", "a_b", "a b", "\u{e9}",
        ] {
            assert!(parse_key(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn of_several_that_cannot_all_be_set_none_is() {
        let one = patched(&Configuration::default(), &json!({ "a": 1 })).unwrap();
        let error = patched(&one, &json!({ "a": 2, "a.b": 3 })).unwrap_err();
        assert_eq!(error, ConfigurationError::NotAMap("a".into()));
        assert_eq!(one.get("a").unwrap(), Some(&json!(1)));
    }

    /// A store's file is read and written again at each change: a number may not wander.
    #[test]
    fn a_fraction_stays_as_it_was_set() {
        let patch = br#"{"a":112.111111111111211111111111112}"#;
        let patch: Map<String, Value> = serde_json::from_slice(patch).unwrap();
        let one = Configuration::default().patched(&patch).unwrap();
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Configuration>(&text).unwrap(), one);
    }

    #[test]
    fn it_is_bounded() {
        let none = Configuration::default();
        let long = "x".repeat(MOST_BYTES);
        let told = patched(&none, &json!({ "a": long }));
        assert!(matches!(told, Err(ConfigurationError::TooLong(_))));
        let deep = |levels| {
            let nested = (1..levels).fold(json!([]), |inner, _| json!({ "a": inner }));
            patched(&none, &json!({ "a": nested }))
        };
        assert!(deep(MOST_LEVELS - 1).is_ok());
        assert_eq!(deep(MOST_LEVELS), Err(ConfigurationError::TooDeep));
        let key = vec!["a"; 20_000].join(".");
        let told = patched(&none, &json!({ key: 1 }));
        assert_eq!(told, Err(ConfigurationError::TooDeep));
        let key = vec!["a"; MOST_LEVELS].join(".");
        assert!(patched(&none, &json!({ key.clone(): 1 })).is_ok());
        let told = patched(&none, &json!({ key: [] }));
        assert_eq!(told, Err(ConfigurationError::TooDeep));
    }
}
