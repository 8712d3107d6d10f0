//! Walking the tree: values that know by which keys they were reached.

use crate::complaint::{Complaint, Complaints, Reason};
use yaml_tree::{Content, Node, Scalar, Style, resolve};

/// A value in a document.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    key: String,
    node: &'a Node,
}

type Result<T> = std::result::Result<T, Complaint>;

impl<'a> Place<'a> {
    pub(crate) fn document(node: &'a Node) -> Self {
        let key = String::new();
        Self { key, node }
    }

    pub(crate) fn complain(&self, reason: Reason) -> Complaint {
        Complaint {
            line: self.node.line,
            key: self.key.clone(),
            reason,
        }
    }

    /// About a value of which others say what is wrong.
    pub(crate) fn refuse(&self, error: &dyn core::error::Error) -> Complaint {
        self.complain(Reason::Refused(error.to_string()))
    }

    /// About a value that would have to be `wanted`.
    pub(crate) fn unusable(&self, found: &str, wanted: &'static str) -> Complaint {
        // Long ones are keys and files; their beginning tells which.
        let found = found.chars().take(60).collect();
        self.complain(Reason::Unusable { found, wanted })
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    fn scalar(&self) -> Option<Scalar> {
        match &self.node.content {
            Content::Scalar { text, style } if *style == Style::Plain => Some(resolve(text)),
            Content::Scalar { .. } => Some(Scalar::Text),
            _ => None,
        }
    }

    /// What stands there, if it is neither list nor map.
    pub(crate) fn text(&self) -> Result<&'a str> {
        match &self.node.content {
            Content::Scalar { text, .. } if !self.is_null() => Ok(text),
            _ => Err(self.complain(Reason::NotA("text"))),
        }
    }

    /// Yes or no; older documents have them in quotes.
    pub(crate) fn truth(&self) -> Result<Truth> {
        match self.text().map(resolve) {
            Ok(Scalar::Bool(true)) => Ok(Truth::Yes),
            Ok(Scalar::Bool(false)) => Ok(Truth::No),
            _ => Err(self.complain(Reason::NotA("true or false"))),
        }
    }

    pub(crate) fn whole_number(&self) -> Result<i64> {
        let text = self.text()?;
        yaml_tree::integer(text).ok_or_else(|| self.complain(Reason::NotA("whole number")))
    }

    /// The items of a list; none where nothing stands.
    pub(crate) fn items(&self) -> Result<Vec<Place<'a>>> {
        match &self.node.content {
            Content::List(items) => {
                let place = |(index, node): (usize, &'a Node)| Place {
                    key: format!("{}[{index}]", self.key),
                    node,
                };
                Ok(items.iter().enumerate().map(place).collect())
            }
            _ if self.is_null() => Ok(Vec::new()),
            _ => Err(self.complain(Reason::NotA("list"))),
        }
    }

    /// The items of a list, or the only text that stands in place of one.
    pub(crate) fn items_or_one(&self) -> Result<Vec<Place<'a>>> {
        match self.text() {
            Ok(_) => Ok(vec![self.clone()]),
            Err(_) => self.items(),
        }
    }

    /// The texts of a list, or of the only one; what is none is complained of.
    pub(crate) fn texts(&self, complaints: &mut Complaints) -> Vec<(Place<'a>, &'a str)> {
        let items = complaints.take(self.items_or_one()).unwrap_or_default();
        let texts = items.into_iter().filter_map(|place| {
            let text = complaints.take(place.text())?;
            Some((place, text))
        });
        texts.collect()
    }

    /// The entries of a map; none where nothing stands.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Place<'a>)>> {
        match &self.node.content {
            Content::Map(entries) => {
                let place = |entry: &'a yaml_tree::Entry| {
                    let key = match &*self.key {
                        "" => entry.key.clone(),
                        above => format!("{above}.{}", entry.key),
                    };
                    let node = &entry.node;
                    (entry.key.as_str(), Place { key, node })
                };
                Ok(entries.iter().map(place).collect())
            }
            _ if self.is_null() => Ok(Vec::new()),
            _ => Err(self.complain(Reason::NotA("map"))),
        }
    }

    /// As JSON, for settings whose types others know.
    pub(crate) fn json(&self) -> serde_json::Value {
        match &self.node.content {
            Content::Scalar { text, .. } => match self.scalar() {
                Some(Scalar::Null) => serde_json::Value::Null,
                Some(Scalar::Bool(truth)) => truth.into(),
                Some(Scalar::Integer(number)) => number.into(),
                Some(Scalar::Float(number)) => number.into(),
                Some(Scalar::Text) | None => text.as_str().into(),
            },
            Content::List(_) => {
                let items = self.items().unwrap_or_default();
                items.iter().map(Place::json).collect()
            }
            Content::Map(_) => {
                let entries = self.entries().unwrap_or_default().into_iter();
                let entries = entries.map(|(key, place)| (key.to_owned(), place.json()));
                serde_json::Value::Object(entries.collect())
            }
        }
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
}
