//! Additions to an initrd: another archive behind it, whose files take the place of those
//! that are there (Linux, `Documentation/driver-api/early-userspace/buffer-format.rst`).

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use cpio::newc::{self, ModeFileType};

/// A file of the addition.
#[derive(Debug, Clone, Copy)]
pub enum Addition {
    /// A program without a byte.
    EmptyProgram {
        /// Without a slash in front.
        path: &'static str,
    },
    /// A symbolic link.
    Link {
        /// Without a slash in front.
        path: &'static str,
        /// What it names.
        target: &'static str,
    },
    /// A file of bytes that nothing else holds, and that do not get fewer when compressed.
    Noise {
        /// Without a slash in front.
        path: &'static str,
        /// How long it is.
        bytes: usize,
    },
}

impl Addition {
    fn content(&self) -> Vec<u8> {
        match *self {
            Self::EmptyProgram { .. } => Vec::new(),
            Self::Link { target, .. } => target.into(),
            Self::Noise { bytes, .. } => noise(bytes),
        }
    }
}

/// The digests of 0, 1, 2 ...
fn noise(bytes: usize) -> Vec<u8> {
    let blocks = (0_u64..).flat_map(|block| image_trust::sha256(&block.to_le_bytes()).0);
    blocks.take(bytes).collect()
}

/// Writes `initrd` with the addition behind it to `out`.
///
/// # Errors
/// One cannot be read, or the other not written.
pub fn append(initrd: &Path, addition: &Addition, out: &Path) -> Result<()> {
    let mut bytes =
        fs::read(initrd).with_context(|| format!("cannot read {}", initrd.display()))?;
    // The kernel looks for the next archive behind zeros, at a multiple of four.
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let (path, kind, mode) = match *addition {
        Addition::EmptyProgram { path } => (path, ModeFileType::Regular, 0o755),
        Addition::Link { path, .. } => (path, ModeFileType::Symlink, 0o777),
        Addition::Noise { path, .. } => (path, ModeFileType::Regular, 0o644),
    };
    let content = addition.content();
    let header = newc::Builder::new(path).mode(mode).set_mode_file_type(kind);
    let mut writer = header.write(&mut bytes, u32::try_from(content.len())?);
    writer.write_all(&content)?;
    writer.finish()?;
    newc::trailer(&mut bytes)?;
    File::create(out)
        .and_then(|mut file| file.write_all(&bytes))
        .with_context(|| format!("cannot write {}", out.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addition_is_an_archive_of_its_own_behind_the_initrd() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let (initrd, out) = (
            directory.path().join("initrd"),
            directory.path().join("out"),
        );
        fs::write(&initrd, b"compressed")?;
        let link = Addition::Link {
            path: "a/b",
            target: "/c",
        };
        append(&initrd, &link, &out)?;
        let bytes = fs::read(&out)?;
        assert_eq!(&bytes[..12], b"compressed\0\0");
        let reader = newc::Reader::new(&bytes[12..])?;
        let entry = reader.entry();
        assert_eq!((entry.name(), entry.file_size()), ("a/b", 2));
        assert_eq!(entry.mode(), 0o120_777);
        Ok(())
    }
}
