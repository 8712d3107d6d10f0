//! What a module says about itself, in the `.modinfo` section of its file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result};
use object::read::ReadCache;
use object::{Object, ObjectSection};

use super::canonical;

/// What a module says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModuleInfo {
    /// Modules that must be loaded before.
    pub(super) depends: Vec<String>,
    /// Names or aliases that should be loaded before.
    pub(super) soft_before: Vec<String>,
    /// Names or aliases that should be loaded after.
    pub(super) soft_after: Vec<String>,
    /// What else it answers to; may have wildcards.
    pub(super) aliases: Vec<String>,
}

impl ModuleInfo {
    /// Reads it from a module's file, and nothing else of the file.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let context = || format!("cannot read the module {}", path.display());
        let file = File::open(path).with_context(context)?;
        let cache = ReadCache::new(BufReader::new(file));
        let object = object::File::parse(&cache).with_context(context)?;
        let section = object.section_by_name(".modinfo").with_context(context)?;
        Ok(Self::parse(section.data().with_context(context)?))
    }

    /// From the section's bytes: `key=value`, each with a zero behind.
    pub(super) fn parse(section: &[u8]) -> Self {
        let mut info = Self::default();
        for field in section.split(|byte| *byte == 0) {
            let Ok(text) = str::from_utf8(field) else {
                continue;
            };
            match text.split_once('=') {
                Some(("depends", names)) => {
                    info.depends = names
                        .split(',')
                        .filter(|name| !name.is_empty())
                        .map(canonical)
                        .collect();
                }
                Some(("alias", alias)) => info.aliases.push(alias.to_owned()),
                Some(("softdep", soft)) => info.parse_softdep(soft),
                _ => {}
            }
        }
        info
    }

    /// `pre: a b post: c`
    fn parse_softdep(&mut self, text: &str) {
        let mut into = None;
        for word in text.split_whitespace() {
            match word {
                "pre:" => into = Some(&mut self.soft_before),
                "post:" => into = Some(&mut self.soft_after),
                name => {
                    if let Some(list) = into.as_mut() {
                        list.push(name.to_owned());
                    }
                }
            }
        }
    }
}
