//! From bytes to a tree, with an end to everything.

use crate::{
    Content, Entry, MAX_YAML_BYTES, MAX_YAML_DEPTH, MAX_YAML_KEYS, MAX_YAML_VALUES, Node, Style,
    YamlError, YamlProblem as Problem,
};
use granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag, options};
use std::collections::BTreeMap;

/// Reads the only document of `bytes`.
///
/// # Errors
/// See [`YamlProblem`](crate::YamlProblem).
pub fn parse(bytes: &[u8]) -> Result<Node, YamlError> {
    let document = |problem| YamlError {
        key: String::new(),
        line: 1,
        problem,
    };
    if bytes.len() > MAX_YAML_BYTES {
        return Err(document(Problem::TooLong {
            found_bytes: bytes.len(),
        }));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| document(Problem::NotText))?;
    let settings: Options = options! { emit_comments: false };
    let mut tree = Tree::default();
    for event in Parser::new_from_str_with_options(text, settings) {
        let (event, span) = event.map_err(|error| YamlError {
            key: String::new(),
            line: error.marker().line(),
            problem: Problem::Syntax(error.info()),
        })?;
        tree.take(event, span)?;
    }
    tree.finished.ok_or_else(|| document(Problem::Empty))
}

/// A list or map whose end has not come.
struct Open {
    line: usize,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Style)>,
    },
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
    finished: Option<Node>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let style = self.style(line, style, tag.as_deref())?;
                let text = text.into_owned();
                let content = Content::Scalar { text, style };
                self.add(anchor, Node { line, content })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.collection(line, tag.as_deref(), "seq")?;
                self.begin(line, anchor, Items::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.collection(line, tag.as_deref(), "map")?;
                let (entries, key) = (Vec::new(), None);
                self.begin(line, anchor, Items::Map { entries, key })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            Event::Alias(id) => {
                let node = self.anchors.get(&id);
                let node = node.ok_or_else(|| self.refuse(line, Problem::AliasInItself))?;
                let values = self.values + weight(node);
                if values > MAX_YAML_VALUES {
                    return Err(self.refuse(line, Problem::TooMany));
                }
                let node = node.clone();
                self.values = values;
                self.add(0, node)
            }
            Event::DocumentStart(..) if self.finished.is_some() => {
                Err(self.refuse(line, Problem::SecondDocument))
            }
            _ => Ok(()),
        }
    }

    fn style(
        &self,
        line: usize,
        style: ScalarStyle,
        tag: Option<&Tag>,
    ) -> Result<Style, YamlError> {
        match tag {
            None if style == ScalarStyle::Plain => Ok(Style::Plain),
            None => Ok(Style::Quoted),
            Some(tag) if tag.core_suffix() == Some("str") => Ok(Style::Quoted),
            Some(tag) => Err(self.refuse(line, Problem::Tag(tag.original()))),
        }
    }

    fn collection(&self, line: usize, tag: Option<&Tag>, plain: &str) -> Result<(), YamlError> {
        match tag {
            Some(tag) if tag.core_suffix() != Some(plain) => {
                Err(self.refuse(line, Problem::Tag(tag.original())))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, line: usize, anchor: usize, items: Items) -> Result<(), YamlError> {
        if self.open.len() >= MAX_YAML_DEPTH {
            return Err(self.refuse(line, Problem::TooDeep));
        }
        self.open.push(Open {
            line,
            anchor,
            items,
        });
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Err(self.refuse(line, Problem::Syntax("an end without a begin".into())));
        };
        let content = match open.items {
            Items::List(items) => Content::List(items),
            Items::Map { entries, .. } => Content::Map(entries),
        };
        self.add(
            open.anchor,
            Node {
                line: open.line,
                content,
            },
        )
    }

    /// Puts a value where it belongs: an item, a key, the value behind a key, or the whole.
    fn add(&mut self, anchor: usize, node: Node) -> Result<(), YamlError> {
        self.values += 1;
        if self.values > MAX_YAML_VALUES {
            return Err(self.refuse(node.line, Problem::TooMany));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let line = node.line;
        let Some(parent) = self.open.last_mut() else {
            self.finished = Some(node);
            return Ok(());
        };
        match &mut parent.items {
            Items::List(items) => items.push(node),
            Items::Map { entries, key } => match key.take() {
                Some((key, style)) => entries.push(Entry { key, style, node }),
                None if entries.len() >= MAX_YAML_KEYS => {
                    return Err(self.refuse(line, Problem::TooMany));
                }
                None => match node.content {
                    Content::Scalar { text, .. } if entries.iter().any(|one| one.key == text) => {
                        return Err(self.refuse(line, Problem::Twice(text)));
                    }
                    Content::Scalar { text, style } => *key = Some((text, style)),
                    _ => return Err(self.refuse(line, Problem::KeyIsNoText)),
                },
            },
        }
        Ok(())
    }

    /// With the keys on the way to where reading stands.
    fn refuse(&self, line: usize, problem: Problem) -> YamlError {
        let keys = self.open.iter().filter_map(|open| match &open.items {
            Items::Map { key, .. } => key.as_ref().map(|(key, _)| key.as_str()),
            Items::List(_) => None,
        });
        let key = keys.collect::<Vec<_>>().join(".");
        YamlError { key, line, problem }
    }
}

/// What an alias for it costs: its values, and more for long texts.
fn weight(node: &Node) -> usize {
    match &node.content {
        Content::Scalar { text, .. } => 1 + text.len() / 64,
        Content::List(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Content::Map(entries) => {
            let weights = entries.iter();
            let weights = weights.map(|entry| 1 + entry.key.len() / 64 + weight(&entry.node));
            1 + weights.sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests;
