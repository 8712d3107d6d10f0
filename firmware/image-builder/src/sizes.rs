//! What an image's bytes are spent on.
//!
//! Each part is measured as it lies on the disk, and compressed alone: so the sum is what a
//! download would take if nothing were there twice. The initrds lie compressed on the disk.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::error::Mebibytes;
use crate::packed::{length_of, packed_length};
use crate::system_image::SystemImage;
use crate::tree::{Entry, Tree};

/// A file of at least this length has a line of its own.
const OWN_LINE_BYTES: u64 = 64 << 10;

/// What an image was made of.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    pub(crate) loader: Vec<u8>,
    pub(crate) initrd: Tree,
    pub(crate) root: Tree,
    pub(crate) rescue: Tree,
    pub(crate) rescue_initrd: PathBuf,
}

/// The sizes of all parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// In the order of the disk, what holds something before what it holds.
    pub parts: Vec<Size>,
    /// The whole disk image, where it was compressed.
    pub image_packed_bytes: Option<u64>,
}

/// The size of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// What it lies in, or the part itself.
    pub part: &'static str,
    /// A file in it, or a kind of files; none for the whole.
    pub name: Option<String>,
    /// As it lies there.
    pub bytes: u64,
    /// Compressed alone, as the whole image is.
    pub packed_bytes: u64,
}

impl Sizes {
    pub(crate) fn of(contents: &Contents, system: &SystemImage) -> Result<Self> {
        let mut parts = vec![size("loader", None, &contents.loader)?];
        parts.push(file("kernel", system.kernel())?);
        parts.push(file("initrd", system.initrd())?);
        parts.extend(tree("initrd", &contents.initrd)?);
        if let Some((root, hash_tree)) = system.root_and_tree() {
            parts.push(file("root", root)?);
            parts.extend(tree("root", &contents.root)?);
            parts.push(file("hash tree", hash_tree)?);
        }
        parts.push(file("rescue initrd", &contents.rescue_initrd)?);
        parts.extend(tree("rescue initrd", &contents.rescue)?);
        Ok(Self {
            parts,
            image_packed_bytes: None,
        })
    }

    /// With what the whole image came to.
    ///
    /// # Errors
    /// The file is not there.
    pub fn with_packed_image(self, packed: &Path) -> Result<Self> {
        Ok(Self {
            image_packed_bytes: Some(length_of(packed)?),
            ..self
        })
    }
}

fn size(part: &'static str, name: Option<String>, bytes: &[u8]) -> Result<Size> {
    Ok(Size {
        part,
        name,
        bytes: bytes.len() as u64,
        packed_bytes: packed_length(bytes)?,
    })
}

fn file(part: &'static str, path: &Path) -> Result<Size> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    size(part, None, &bytes)
}

/// The kernel's modules together, every large file, and all the rest together.
fn tree(part: &'static str, tree: &Tree) -> Result<Vec<Size>> {
    let mut groups: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (path, entry) in tree.entries() {
        let Entry::File { content, .. } = entry else {
            continue;
        };
        let bytes = content.read()?;
        let name = if path.contains("lib/modules/") {
            "modules".to_owned()
        } else if bytes.len() as u64 >= OWN_LINE_BYTES {
            path.to_owned()
        } else {
            "small files".to_owned()
        };
        groups.entry(name).or_default().extend(bytes);
    }
    let mut sizes = Vec::new();
    for (name, bytes) in groups {
        sizes.push(size(part, Some(name), &bytes)?);
    }
    sizes.sort_by_key(|size| std::cmp::Reverse(size.bytes));
    Ok(sizes)
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<30} {:>10} {:>12}", "part", "size", "compressed")?;
        for size in &self.parts {
            let name = match &size.name {
                Some(name) => format!("  {name}"),
                None => size.part.to_owned(),
            };
            let (bytes, packed) = (Mebibytes(size.bytes), Mebibytes(size.packed_bytes));
            let (bytes, packed) = (bytes.to_string(), packed.to_string());
            writeln!(f, "{name:<30} {bytes:>10} {packed:>12}")?;
        }
        match self.image_packed_bytes {
            Some(bytes) => write!(
                f,
                "{:<30} {:>10} {:>12}",
                "whole image",
                "",
                Mebibytes(bytes).to_string()
            ),
            None => f.write_str("whole image: say --compress zstd to see what it comes to"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Content;

    #[test]
    fn modules_are_one_line_and_large_files_have_their_own() -> Result<()> {
        let mut sample = Tree::default();
        let large = |byte| Content::Bytes(vec![byte; 100_000]);
        sample.file("usr/lib/modules/6.1/a.ko", large(1));
        sample.file("usr/lib/modules/6.1/b.ko", large(2));
        sample.program("bin/busybox", large(3));
        sample.text("etc/one", "1\n");
        sample.text("etc/two", "2\n");
        sample.link("bin/sh", "busybox");
        let sizes = tree("root", &sample)?;
        let lines: Vec<_> = sizes
            .iter()
            .map(|size| (size.name.as_deref().unwrap_or_default(), size.bytes))
            .collect();
        assert_eq!(
            lines,
            [
                ("modules", 200_000),
                ("bin/busybox", 100_000),
                ("small files", 4)
            ]
        );
        assert!(sizes.iter().all(|size| size.packed_bytes < 1000));
        Ok(())
    }
}
