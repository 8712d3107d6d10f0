//! Kernel modules: which ones a board's list brings with it, and in what order they load.
//!
//! Read from the modules' own `.modinfo` sections. (A kernel package has no `modules.dep`;
//! `depmod` would make one from the same sections at installation.) Soft dependencies are
//! aliases: `libcrc32c` wants `crc32c`, which both `crc32c_generic` and `crc32c_intel`
//! offer, and fails to load when neither came first. All that offer it are taken, in the
//! order of their names: the last resort loads everywhere, the others answer ENODEV where
//! the processor lacks them.

mod index;
mod info;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::error::ImageError;
use crate::tree::{Content, Tree};
pub(crate) use index::ModuleIndex;

/// Modules in load order, each behind everything that it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LoadOrder {
    /// Names with underscores.
    names: Vec<String>,
}

impl LoadOrder {
    /// The closure of `wanted`, in its order. What is built into the kernel needs nothing.
    pub(crate) fn resolve(
        index: &ModuleIndex,
        board: &str,
        wanted: &[String],
    ) -> Result<Self, ImageError> {
        let mut order = Self::default();
        let mut seen = BTreeSet::new();
        for name in wanted {
            let name = canonical(name);
            if !index.contains(&name) && !index.is_built_in(&name) {
                return Err(ImageError::NoSuchModule {
                    board: board.to_owned(),
                    module: name,
                    kernel: index.release().to_owned(),
                });
            }
            order.visit(index, &name, &mut seen);
        }
        Ok(order)
    }

    /// Depth first; a cycle (soft ones exist) ends at the module that was seen first.
    fn visit(&mut self, index: &ModuleIndex, name: &str, seen: &mut BTreeSet<String>) {
        if !index.contains(name) || !seen.insert(name.to_owned()) {
            return;
        }
        for needed in index.needed_before(name) {
            self.visit(index, &needed, seen);
        }
        self.names.push(name.to_owned());
        for wanted in index.wanted_after(name) {
            self.visit(index, &wanted, seen);
        }
    }

    /// Those that `earlier` has not loaded already.
    pub(crate) fn without(&self, earlier: &Self) -> Self {
        let loaded: BTreeSet<_> = earlier.names.iter().collect();
        Self {
            names: self
                .names
                .iter()
                .filter(|name| !loaded.contains(name))
                .cloned()
                .collect(),
        }
    }

    /// The list that init reads: one absolute path a line.
    pub(crate) fn list(&self, index: &ModuleIndex) -> String {
        let paths = self
            .names
            .iter()
            .map(|name| format!("/{}\n", index.image_path(name).display()));
        paths.collect()
    }

    /// Puts the modules themselves into `tree`.
    pub(crate) fn add_to(&self, tree: &mut Tree, index: &ModuleIndex) {
        for name in &self.names {
            let path = index.image_path(name);
            tree.file(&path.to_string_lossy(), Content::File(index.file(name)));
        }
    }

    /// `modules.dep`, `modules.alias` and `modules.softdep` for the modules of `tree`, as
    /// `modprobe` reads them.
    pub(crate) fn add_modprobe_tables(&self, tree: &mut Tree, index: &ModuleIndex) {
        let directory = format!("lib/modules/{}", index.release());
        let names = || self.names.iter();
        let dependencies: String = names().map(|name| index.dependency_line(name)).collect();
        let aliases: String = names().map(|name| index.alias_lines(name)).collect();
        let soft: String = names().map(|name| index.softdep_lines(name)).collect();
        tree.text(&format!("{directory}/modules.dep"), &dependencies);
        tree.text(&format!("{directory}/modules.alias"), &aliases);
        tree.text(&format!("{directory}/modules.softdep"), &soft);
    }
}

/// Module names have underscores; file names and people also write dashes.
fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// The name of the module in that file.
fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    file.strip_suffix(".ko").map(canonical)
}

/// Where a module stands in an image, relative to its root.
fn image_path(release: &str, below: &Path) -> PathBuf {
    Path::new("lib/modules").join(release).join(below)
}

#[cfg(test)]
mod tests;
