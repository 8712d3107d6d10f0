//! Reading a tree: values that know by which keys they were reached.

use crate::error::{Problem, SnapYamlError};
use crate::interface::Attribute;
use std::collections::BTreeMap;
use std::str::FromStr;
use yaml_tree::{Content, Node, Scalar, Style, YamlProblem, integer, resolve};

type Result<T> = std::result::Result<T, SnapYamlError>;

/// A value in the document.
#[derive(Clone, Debug)]
pub(crate) struct Value<'a> {
    path: String,
    node: &'a Node,
}

impl<'a> Value<'a> {
    pub(crate) fn document(node: &'a Node) -> Self {
        let path = String::new();
        Value { path, node }
    }

    pub(crate) fn refuse(&self, problem: impl Into<Problem>) -> SnapYamlError {
        SnapYamlError::new(self.path.clone(), self.node.line, problem.into())
    }

    fn below(&self, key: &str, node: &'a Node) -> Self {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Value { path, node }
    }

    fn is_null(&self) -> bool {
        let Content::Scalar { text, style } = &self.node.content else {
            return false;
        };
        *style == Style::Plain && resolve(text) == Scalar::Null
    }

    /// A text; none where nothing stands behind the key.
    pub(crate) fn text(&self) -> Result<Option<&'a str>> {
        match &self.node.content {
            Content::Scalar { .. } if self.is_null() => Ok(None),
            Content::Scalar { text, .. } => Ok(Some(text)),
            _ => Err(self.refuse(Problem::NotA("text"))),
        }
    }

    /// A text that is parsed; none where nothing stands behind the key.
    pub(crate) fn parse<T>(&self) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: Into<Problem>,
    {
        let Some(text) = self.text()?.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error: T::Err| self.refuse(error))
    }

    /// A number, plain and whole.
    pub(crate) fn integer(&self) -> Result<Option<i64>> {
        match &self.node.content {
            Content::Scalar { .. } if self.is_null() => Ok(None),
            Content::Scalar { text, style } if *style == Style::Plain => match integer(text) {
                Some(integer) => Ok(Some(integer)),
                None => Err(self.refuse(Problem::NotA("whole number"))),
            },
            _ => Err(self.refuse(Problem::NotA("whole number"))),
        }
    }

    /// The items of a list; none where nothing stands behind the key.
    pub(crate) fn items(&self) -> Result<Option<Vec<Value<'a>>>> {
        match &self.node.content {
            Content::List(items) => {
                let path = |place| format!("{}[{place}]", self.path);
                let items = items.iter().enumerate();
                let values = items.map(|(place, node)| Value {
                    path: path(place),
                    node,
                });
                Ok(Some(values.collect()))
            }
            _ if self.is_null() => Ok(None),
            _ => Err(self.refuse(Problem::NotA("list"))),
        }
    }

    /// A map; none where something else stands.
    pub(crate) fn as_map(&self) -> Option<Map<'a>> {
        match &self.node.content {
            Content::Map(_) => Some(Map(self.clone())),
            _ => None,
        }
    }

    /// A map, without entries where nothing stands behind the key.
    pub(crate) fn map(&self) -> Result<Map<'a>> {
        match &self.node.content {
            Content::Map(_) => Ok(Map(self.clone())),
            _ if self.is_null() => Ok(Map(self.clone())),
            _ => Err(self.refuse(Problem::NotA("map"))),
        }
    }

    /// A value of any type, as interfaces have them.
    pub(crate) fn attribute(&self) -> Result<Attribute> {
        match &self.node.content {
            Content::Scalar { text, style } if *style == Style::Quoted => {
                Ok(Attribute::Text(text.clone()))
            }
            Content::Scalar { text, .. } => match resolve(text) {
                Scalar::Null => Err(self.refuse(Problem::Nothing)),
                Scalar::Bool(value) => Ok(Attribute::Bool(value)),
                Scalar::Integer(value) => Ok(Attribute::Integer(value)),
                Scalar::Float(value) => Ok(Attribute::Float(value)),
                Scalar::Text => Ok(Attribute::Text(text.clone())),
            },
            Content::List(_) => {
                let items = self.items()?.unwrap_or_default();
                let items = items.iter().map(Value::attribute);
                Ok(Attribute::List(items.collect::<Result<_>>()?))
            }
            Content::Map(_) => {
                let entries = self.map()?.text_entries()?.into_iter();
                let entries = entries.map(|(key, value)| Ok((key.to_owned(), value.attribute()?)));
                Ok(Attribute::Map(entries.collect::<Result<BTreeMap<_, _>>>()?))
            }
        }
    }
}

/// A value that is a map.
#[derive(Clone, Debug)]
pub(crate) struct Map<'a>(Value<'a>);

impl<'a> Map<'a> {
    /// Of the map itself.
    pub(crate) fn refuse(&self, problem: impl Into<Problem>) -> SnapYamlError {
        self.0.refuse(problem)
    }

    /// Of the key `key` in it, which need not be there.
    pub(crate) fn refuse_key(&self, key: &str, problem: impl Into<Problem>) -> SnapYamlError {
        let node = self.get(key).map_or(self.0.node, |value| value.node);
        self.0.below(key, node).refuse(problem)
    }

    /// The entries, in their order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let own = self.0.clone();
        let entries = match &self.0.node.content {
            Content::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let entries = entries.iter();
        entries.map(move |entry| (entry.key.as_str(), own.below(&entry.key, &entry.node)))
    }

    /// The entries, where a key is a text and nothing else: `1:` and `on:` are not.
    pub(crate) fn text_entries(&self) -> Result<Vec<(&'a str, Value<'a>)>> {
        let Content::Map(entries) = &self.0.node.content else {
            return Ok(Vec::new());
        };
        let entries = entries.iter().map(|entry| {
            let value = self.0.below(&entry.key, &entry.node);
            let is_text = entry.style == Style::Quoted || resolve(&entry.key) == Scalar::Text;
            if entry.key.is_empty() || !is_text {
                return Err(value.refuse(YamlProblem::KeyIsNoText));
            }
            Ok((entry.key.as_str(), value))
        });
        entries.collect()
    }

    pub(crate) fn get(&self, key: &str) -> Option<Value<'a>> {
        let mut entries = self.entries();
        entries.find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The text behind `key`.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>> {
        let value = self.get(key);
        let text = value.map(|value| value.text()).transpose()?.flatten();
        Ok(text.map(str::to_owned))
    }

    /// The text behind `key`, parsed. An empty one counts as none.
    pub(crate) fn parse<T>(&self, key: &str) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: Into<Problem>,
    {
        match self.get(key) {
            Some(value) => value.parse(),
            None => Ok(None),
        }
    }

    /// The map behind `key`: without entries if it is not there.
    pub(crate) fn entries_of(&self, key: &str) -> Result<Vec<(&'a str, Value<'a>)>> {
        match self.get(key) {
            Some(value) => Ok(value.map()?.entries().collect()),
            None => Ok(Vec::new()),
        }
    }

    /// The list behind `key`: empty if it is not there.
    pub(crate) fn items_of(&self, key: &str) -> Result<Vec<Value<'a>>> {
        let items = self.get(key).map(|value| value.items()).transpose()?;
        Ok(items.flatten().unwrap_or_default())
    }

    /// The list of texts behind `key`, each parsed.
    pub(crate) fn list<T>(&self, key: &str) -> Result<Vec<T>>
    where
        T: FromStr,
        T::Err: Into<Problem>,
    {
        let parse = |value: &Value<'_>| {
            let text = value.text()?.unwrap_or_default();
            text.parse().map_err(|error: T::Err| value.refuse(error))
        };
        self.items_of(key)?.iter().map(parse).collect()
    }
}
