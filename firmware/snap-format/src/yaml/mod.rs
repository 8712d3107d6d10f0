//! A document as a tree of texts: what stands in the file, and on which line.
//!
//! Scalars keep their text. `version: 1.10` is the version `1.10`, and no number: which type
//! a value has is said by the key that it belongs to.

mod scalar;
mod tree;
mod value;

pub(crate) use tree::parse;
pub(crate) use value::{Map, Value};

/// The longest document, in bytes. The largest that people wrote are some 50 KiB.
pub const MAX_YAML_BYTES: usize = 256 << 10;
/// How many values a document has at most, with those that aliases stand for.
pub const MAX_YAML_VALUES: usize = 16 << 10;
/// How many keys a map has at most.
pub const MAX_YAML_KEYS: usize = 1024;
/// How deep values nest.
pub const MAX_YAML_DEPTH: usize = 24;

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// From one.
    line: usize,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key in a map, and what stands behind it.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    style: Style,
    node: Node,
}

/// Whether a scalar may be something else than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Quoted,
}
