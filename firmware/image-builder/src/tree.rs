//! A file tree in memory: what the initrd and the root are written from.
//!
//! It knows no owner and no time, and its modes do not come from the umask of whoever
//! checked the sources out: so two machines make the same tree.

mod overlay;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use image_format::Digest;
use image_trust::Hasher;

/// When every file in an image was last changed: the beginning of 1980, which every
/// format can express. A real time would move with each build, and with it the blocks.
pub(crate) const FILE_TIME_SECS: u32 = 315_532_800;

/// A file tree. Paths are relative to its root, without a leading slash.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// What stands at a path.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// A directory.
    Directory { mode: u32 },
    /// A regular file.
    File { content: Content, mode: u32 },
    /// A symbolic link.
    Link { target: String },
    /// A character device.
    Device { major: u32, minor: u32, mode: u32 },
}

/// The content of a file.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Those of a file of this machine.
    File(PathBuf),
}

impl Content {
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File(path) => {
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))
            }
        }
    }
}

impl Tree {
    /// Everything, parents before children.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// A directory that anyone may enter.
    pub(crate) fn directory(&mut self, path: &str) {
        self.directory_with_mode(path, 0o755);
    }

    /// A directory with that mode.
    pub(crate) fn directory_with_mode(&mut self, path: &str, mode: u32) {
        self.insert(path, Entry::Directory { mode });
    }

    /// A file that anyone may read.
    pub(crate) fn file(&mut self, path: &str, content: Content) {
        self.insert(
            path,
            Entry::File {
                content,
                mode: 0o644,
            },
        );
    }

    /// A small text file that anyone may read.
    pub(crate) fn text(&mut self, path: &str, text: &str) {
        self.file(path, Content::Bytes(text.as_bytes().to_vec()));
    }

    /// A file that anyone may execute.
    pub(crate) fn program(&mut self, path: &str, content: Content) {
        self.insert(
            path,
            Entry::File {
                content,
                mode: 0o755,
            },
        );
    }

    /// A symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.insert(
            path,
            Entry::Link {
                target: target.to_owned(),
            },
        );
    }

    /// Anything; what stood there is gone, and missing parents are made.
    pub(crate) fn insert(&mut self, path: &str, entry: Entry) {
        let mut parent = path;
        while let Some((up, _)) = parent.rsplit_once('/') {
            self.entries
                .entry(up.to_owned())
                .or_insert(Entry::Directory { mode: 0o755 });
            parent = up;
        }
        self.entries.insert(path.to_owned(), entry);
    }

    /// Takes what stands at that path away.
    pub(crate) fn take(&mut self, path: &str) -> Option<Entry> {
        self.entries.remove(path)
    }

    /// Whether something stands at that path.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Names the whole content: equal trees have equal digests.
    pub(crate) fn digest(&self) -> Result<Digest> {
        let mut hasher = Hasher::new();
        let mut field = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for (path, entry) in &self.entries {
            field(path.as_bytes());
            match entry {
                Entry::Directory { mode } => field(format!("directory {mode:o}").as_bytes()),
                Entry::Link { target } => field(format!("link {target}").as_bytes()),
                Entry::Device { major, minor, mode } => {
                    field(format!("device {major} {minor} {mode:o}").as_bytes());
                }
                Entry::File { content, mode } => {
                    field(format!("file {mode:o}").as_bytes());
                    field(&content.read()?);
                }
            }
        }
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        let mut tree = Tree::default();
        tree.text("etc/hostname", "twinkeel\n");
        tree.directory_with_mode("root", 0o700);
        tree.link("bin/sh", "busybox");
        tree
    }

    #[test]
    fn parents_appear_by_themselves() {
        assert!(sample().contains("etc") && sample().contains("bin"));
        assert_eq!(sample().entries().next().map(|(path, _)| path), Some("bin"));
    }

    #[test]
    fn a_digest_knows_names_modes_and_content() -> Result<()> {
        let digest = sample().digest()?;
        assert_eq!(sample().digest()?, digest);
        for change in [
            |tree: &mut Tree| tree.text("etc/hostname", "other\n"),
            |tree: &mut Tree| tree.program("etc/hostname", Content::Bytes(b"twinkeel\n".to_vec())),
            |tree: &mut Tree| tree.directory("root"),
            |tree: &mut Tree| tree.link("bin/sh", "dash"),
            |tree: &mut Tree| tree.link("bin/ash", "busybox"),
        ] {
            let mut changed = sample();
            change(&mut changed);
            assert_ne!(changed.digest()?, digest);
        }
        Ok(())
    }
}
