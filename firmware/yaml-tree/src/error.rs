//! Why there is no tree: where, what, and what would help.

use crate::{MAX_YAML_BYTES, MAX_YAML_DEPTH};
use core::fmt;

/// Where a document cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// The keys on the way, as in `apps.web.daemon`; empty for the document itself.
    pub key: String,
    /// From one.
    pub line: usize,
    /// What is wrong there.
    pub problem: YamlProblem,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl core::error::Error for YamlError {}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum YamlProblem {
    /// It is no YAML.
    Syntax(String),
    /// It is no UTF-8.
    NotText,
    /// The document is longer than anybody writes.
    TooLong {
        /// Its length.
        found_bytes: usize,
    },
    /// Lists in lists without end.
    TooDeep,
    /// More values than a document has, those that aliases stand for included.
    TooMany,
    /// An anchor's own value refers to it.
    AliasInItself,
    /// A tag that asks for another type.
    Tag(String),
    /// The document is not the only one in the file.
    SecondDocument,
    /// There is nothing in the document.
    Empty,
    /// A key that is a list, a map, a number, a truth or nothing.
    KeyIsNoText,
    /// A key that stands in a map twice.
    Twice(String),
}

impl fmt::Display for YamlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "this is no YAML: {what}"),
            Self::NotText => f.write_str("the file is not UTF-8; save it as such"),
            Self::TooLong { found_bytes } => write!(
                f,
                "the file has {found_bytes} bytes; use at most {MAX_YAML_BYTES}"
            ),
            Self::TooDeep => write!(f, "values are nested deeper than {MAX_YAML_DEPTH} levels"),
            Self::TooMany => f.write_str("there are too many values; write fewer, without aliases"),
            Self::AliasInItself => f.write_str("an alias stands for itself; write the value out"),
            Self::Tag(tag) => write!(f, "the tag {tag} means nothing here; remove it"),
            Self::SecondDocument => f.write_str("a second document begins; keep the first only"),
            Self::Empty => f.write_str("the file is empty; write something or remove it"),
            Self::KeyIsNoText => f.write_str(
                "a key is no text; write one, in quotes if it looks like a number or like yes",
            ),
            Self::Twice(key) => write!(f, "{key:?} stands there twice; remove one"),
        }
    }
}
