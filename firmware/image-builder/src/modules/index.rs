//! All modules of a kernel package, by name and by what they offer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::info::ModuleInfo;
use super::{canonical, image_path, name_of};

/// All modules of a kernel package.
pub(crate) struct ModuleIndex {
    release: String,
    /// `lib/modules/<release>` on this machine.
    directory: PathBuf,
    modules: BTreeMap<String, Module>,
    /// Alias without wildcards -> modules.
    offers: BTreeMap<String, BTreeSet<String>>,
    built_in: BTreeSet<String>,
}

struct Module {
    /// Below `lib/modules/<release>`.
    below: PathBuf,
    info: ModuleInfo,
}

impl ModuleIndex {
    /// Of the unpacked kernel package in `tree`.
    pub(crate) fn read(tree: &Path) -> Result<Self> {
        let modules = tree.join("lib/modules");
        let release = only_name_in(&modules)?;
        let directory = modules.join(&release);
        let mut index = Self::empty(&release, &directory);
        index.add_directory(Path::new("kernel"))?;
        let built_in = fs::read_to_string(directory.join("modules.builtin"))
            .context("cannot read modules.builtin")?;
        index.built_in = built_in
            .lines()
            .filter_map(|line| name_of(Path::new(line)))
            .collect();
        Ok(index)
    }

    pub(super) fn empty(release: &str, directory: &Path) -> Self {
        Self {
            release: release.to_owned(),
            directory: directory.to_owned(),
            modules: BTreeMap::new(),
            offers: BTreeMap::new(),
            built_in: BTreeSet::new(),
        }
    }

    fn add_directory(&mut self, below: &Path) -> Result<()> {
        let directory = self.directory.join(below);
        for entry in fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?
        {
            let entry = entry?;
            let below = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                self.add_directory(&below)?;
            } else if below.extension().is_some_and(|extension| extension == "ko") {
                let info = ModuleInfo::read(&entry.path())?;
                self.add(&below, info);
            } else {
                bail!(
                    "cannot use {}: only uncompressed modules are understood",
                    below.display()
                );
            }
        }
        Ok(())
    }

    pub(super) fn add(&mut self, below: &Path, info: ModuleInfo) {
        let Some(name) = name_of(below) else { return };
        for alias in info
            .aliases
            .iter()
            .filter(|alias| !alias.contains(['*', '?', '[']))
        {
            self.offers
                .entry(canonical(alias))
                .or_default()
                .insert(name.clone());
        }
        let below = below.to_owned();
        self.modules.insert(name, Module { below, info });
    }

    /// The kernel's release, as `uname -r` says it.
    pub(crate) fn release(&self) -> &str {
        &self.release
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.modules.contains_key(name)
    }

    pub(super) fn is_built_in(&self, name: &str) -> bool {
        self.built_in.contains(name)
    }

    /// The module's file on this machine.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.modules
            .get(name)
            .map(|module| self.directory.join(&module.below))
            .unwrap_or_default()
    }

    /// Where it stands in an image, relative to its root.
    pub(super) fn image_path(&self, name: &str) -> PathBuf {
        self.modules
            .get(name)
            .map(|module| image_path(&self.release, &module.below))
            .unwrap_or_default()
    }

    /// What is loaded before `name`: soft dependencies, then hard ones.
    pub(super) fn needed_before(&self, name: &str) -> Vec<String> {
        let Some(module) = self.modules.get(name) else {
            return Vec::new();
        };
        let soft = module
            .info
            .soft_before
            .iter()
            .flat_map(|wanted| self.offering(wanted));
        soft.chain(module.info.depends.iter().cloned()).collect()
    }

    /// What is loaded after `name`, if it is there.
    pub(super) fn wanted_after(&self, name: &str) -> Vec<String> {
        let Some(module) = self.modules.get(name) else {
            return Vec::new();
        };
        module
            .info
            .soft_after
            .iter()
            .flat_map(|wanted| self.offering(wanted))
            .collect()
    }

    /// The modules behind a name or alias; none if the kernel has it built in.
    fn offering(&self, wanted: &str) -> Vec<String> {
        let wanted = canonical(wanted);
        if self.contains(&wanted) {
            return vec![wanted];
        }
        self.offers
            .get(&wanted)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// `file: needed files`, the nearest first, as `depmod` writes it.
    pub(super) fn dependency_line(&self, name: &str) -> String {
        let mut needed = Vec::new();
        self.collect_dependencies(name, &mut needed);
        let needed: Vec<String> = needed
            .iter()
            .rev()
            .map(|name| format!(" {}", self.below(name)))
            .collect();
        format!("{}:{}\n", self.below(name), needed.concat())
    }

    fn collect_dependencies(&self, name: &str, into: &mut Vec<String>) {
        let depends = self
            .modules
            .get(name)
            .map(|module| module.info.depends.as_slice());
        for needed in depends.unwrap_or_default() {
            if self.contains(needed) && !into.contains(needed) {
                self.collect_dependencies(needed, into);
                into.push(needed.clone());
            }
        }
    }

    pub(super) fn alias_lines(&self, name: &str) -> String {
        let aliases = self
            .modules
            .get(name)
            .map(|module| module.info.aliases.as_slice());
        aliases
            .unwrap_or_default()
            .iter()
            .map(|alias| format!("alias {alias} {name}\n"))
            .collect()
    }

    pub(super) fn softdep_lines(&self, name: &str) -> String {
        let Some(Module { info, .. }) = self.modules.get(name) else {
            return String::new();
        };
        let part = |key: &str, names: &[String]| match names {
            [] => String::new(),
            names => format!(" {key} {}", names.join(" ")),
        };
        match part("pre:", &info.soft_before) + &part("post:", &info.soft_after) {
            words if words.is_empty() => words,
            words => format!("softdep {name}{words}\n"),
        }
    }

    fn below(&self, name: &str) -> String {
        self.modules
            .get(name)
            .map(|module| module.below.display().to_string())
            .unwrap_or_default()
    }
}

fn only_name_in(directory: &Path) -> Result<String> {
    let mut names = Vec::new();
    for entry in
        fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?
    {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    match names.as_slice() {
        [name] => Ok(name.clone()),
        _ => bail!(
            "cannot tell the kernel's release: {} holds {names:?}",
            directory.display()
        ),
    }
}
