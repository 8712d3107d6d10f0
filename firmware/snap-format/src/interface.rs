//! Plugs and slots: what a snap asks of others, and what it offers.

use crate::error::{Problem, SnapYamlError};
use crate::names::InterfaceName;
use crate::yaml::{Map, Value};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A value of a plug or slot. What it has to be is known by its interface only.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// `true`, `yes`, `off`.
    Bool(bool),
    /// `42`.
    Integer(i64),
    /// `4.2`.
    Float(f64),
    /// `hello`.
    Text(String),
    /// `[a, b]`.
    List(Vec<Attribute>),
    /// `{a: b}`.
    Map(BTreeMap<String, Attribute>),
}

/// A plug or slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// What it is a plug or slot of.
    pub interface: InterfaceName,
    /// For people.
    pub label: Option<String>,
    /// What its interface wants to know.
    pub attributes: BTreeMap<String, Attribute>,
}

impl Connector {
    /// As one of which nothing is known but its name.
    pub(crate) fn of(interface: InterfaceName) -> Self {
        Connector {
            interface,
            label: None,
            attributes: BTreeMap::new(),
        }
    }
}

/// Reads the plugs or the slots of a snap.
pub(crate) fn read_connectors<N>(
    document: &Map<'_>,
    key: &str,
) -> Result<BTreeMap<N, Connector>, SnapYamlError>
where
    N: FromStr + Ord,
    N::Err: Into<Problem>,
{
    let mut connectors = BTreeMap::new();
    for (name, value) in document.entries_of(key)? {
        let parsed = name.parse().map_err(|error: N::Err| value.refuse(error))?;
        connectors.insert(parsed, read_connector(name, &value)?);
    }
    Ok(connectors)
}

fn read_connector(name: &str, value: &Value<'_>) -> Result<Connector, SnapYamlError> {
    let as_interface = |text: &str| {
        let parsed: Result<InterfaceName, _> = text.parse();
        parsed.map_err(|error| value.refuse(error))
    };
    let Some(map) = value.as_map() else {
        // Only its interface stands there, or nothing at all.
        return match value.text()? {
            None => Ok(Connector::of(as_interface(name)?)),
            Some(_) => match value.attribute()? {
                Attribute::Text(text) => Ok(Connector::of(as_interface(&text)?)),
                _ => Err(value.refuse(Problem::NotA("name of an interface"))),
            },
        };
    };
    let (mut interface, mut label) = (name.to_owned(), None);
    let mut attributes = BTreeMap::new();
    for (key, value) in map.text_entries()? {
        let text = |value: &Value<'_>| match value.attribute()? {
            Attribute::Text(text) => Ok(text),
            _ => Err(value.refuse(Problem::NotA("text"))),
        };
        match key {
            "interface" => interface = text(&value)?,
            "label" => label = Some(text(&value)?),
            _ if key.starts_with('$') => {
                return Err(value.refuse(Problem::Together(
                    "an attribute's name does not begin with $; rename it",
                )));
            }
            _ => {
                attributes.insert(key.to_owned(), value.attribute()?);
            }
        }
    }
    Ok(Connector {
        interface: as_interface(&interface)?,
        label,
        attributes,
    })
}
