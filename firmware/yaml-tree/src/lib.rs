//! A YAML document as a tree of texts: what stands in the file, and on which line.
//!
//! Scalars keep their text. `version: 1.10` is the version `1.10`, and no number: which type
//! a value has is said by the key that it belongs to. Documents come from people that nobody
//! vouches for, so everything has a bound. Readers of `snap.yaml` and of cloud-config walk
//! the tree, each with its own rules.
#![forbid(unsafe_code)]

mod error;
mod scalar;
mod tree;

pub use error::{YamlError, YamlProblem};
pub use scalar::{Scalar, integer, resolve};
pub use tree::parse;

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
pub struct Node {
    /// From one.
    pub line: usize,
    /// The value.
    pub content: Content,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Content {
    /// A text, or what a key takes for something else.
    Scalar {
        /// As it stands in the file.
        text: String,
        /// Whether it may be something else than text.
        style: Style,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; no key stands there twice.
    Map(Vec<Entry>),
}

/// A key in a map, and what stands behind it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Whether the key may be something else than text.
    pub style: Style,
    /// What stands behind it.
    pub node: Node,
}

/// Whether a scalar may be something else than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// It may.
    Plain,
    /// It is a text.
    Quoted,
}
