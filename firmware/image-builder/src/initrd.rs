//! The initrd: PID 1 and the modules that lead to the verified root.
//!
//! A zstd-compressed newc archive, sorted, every owner 0 and every time the same. The
//! loader puts a second, uncompressed archive with the verified manifest behind it.

use std::io::Write;

use anyhow::{Context, Result};
use cpio::newc::{self, ModeFileType};

use crate::modules::{LoadOrder, ModuleIndex};
use crate::request::Patience;
use crate::tree::{Content, Entry, FILE_TIME_SECS, Tree};

/// Where init looks for the modules to load, one path a line.
const MODULE_LIST: &str = "lib/modules/load";
/// The same for what is loaded before all else.
const EARLY_LIST: &str = "lib/modules/early";
/// Where init finds how patient it is to be.
const SETTINGS: &str = "settings.json";

/// The slowest level with a window that kernels accept.
const COMPRESSION_LEVEL: i32 = 19;

/// The modules of an initrd, in two lots.
pub(crate) struct InitrdModules<'a> {
    /// Loaded before all else.
    pub(crate) early: &'a LoadOrder,
    /// Loaded then.
    pub(crate) order: &'a LoadOrder,
    /// Where they come from.
    pub(crate) index: &'a ModuleIndex,
}

/// The content of the initrd.
pub(crate) fn initrd_tree(init: Vec<u8>, patience: &Patience, modules: &InitrdModules<'_>) -> Tree {
    let mut tree = Tree::default();
    tree.program("init", Content::Bytes(init));
    // What init mounts on; /sysroot is the verified root until init moves there.
    for mount_point in ["proc", "sys", "dev", "run", "sysroot"] {
        tree.directory(mount_point);
    }
    // The kernel opens it for PID 1 before there is a devtmpfs.
    tree.insert(
        "dev/console",
        Entry::Device {
            major: 5,
            minor: 1,
            mode: 0o600,
        },
    );
    for (path, order) in [(EARLY_LIST, modules.early), (MODULE_LIST, modules.order)] {
        order.add_to(&mut tree, modules.index);
        tree.text(path, &order.list(modules.index));
    }
    tree.text(SETTINGS, &patience.to_json());
    tree
}

/// The archive of `tree`, compressed.
pub(crate) fn write_initrd(tree: &Tree, into: impl Write) -> Result<()> {
    let mut encoder = zstd::Encoder::new(into, COMPRESSION_LEVEL)?;
    encoder.include_checksum(true)?;
    write_archive(tree, &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(())
}

fn write_archive(tree: &Tree, into: &mut dyn Write) -> Result<()> {
    for (number, (path, entry)) in tree.entries().enumerate() {
        write_entry(path, entry, u32::try_from(number)?, &mut *into)
            .with_context(|| format!("cannot add {path} to the archive"))?;
    }
    newc::trailer(into)?;
    Ok(())
}

fn write_entry(path: &str, entry: &Entry, number: u32, into: &mut dyn Write) -> Result<()> {
    let header = newc::Builder::new(path)
        .ino(number + 1)
        .nlink(1)
        .uid(0)
        .gid(0)
        .mtime(FILE_TIME_SECS);
    let (header, content) = match entry {
        Entry::Directory { mode } => {
            let header = header
                .mode(*mode)
                .set_mode_file_type(ModeFileType::Directory)
                .nlink(2);
            (header, Vec::new())
        }
        Entry::File { content, mode } => {
            let header = header.mode(*mode).set_mode_file_type(ModeFileType::Regular);
            (header, content.read()?)
        }
        Entry::Link { target } => {
            let header = header.mode(0o777).set_mode_file_type(ModeFileType::Symlink);
            (header, target.as_bytes().to_vec())
        }
        Entry::Device { major, minor, mode } => {
            let header = header.mode(*mode).set_mode_file_type(ModeFileType::Char);
            (header.rdev_major(*major).rdev_minor(*minor), Vec::new())
        }
    };
    let mut writer = header.write(
        into,
        u32::try_from(content.len()).context("larger than 4 GiB")?,
    );
    writer.write_all(&content)?;
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn sample() -> Tree {
        let mut tree = Tree::default();
        tree.program("init", Content::Bytes(b"program".to_vec()));
        tree.directory("proc");
        tree.insert(
            "dev/console",
            Entry::Device {
                major: 5,
                minor: 1,
                mode: 0o600,
            },
        );
        tree
    }

    #[test]
    fn the_archive_reads_back_sorted_with_fixed_owners_and_times() -> Result<()> {
        let mut compressed = Vec::new();
        write_initrd(&sample(), &mut compressed)?;
        let archive = zstd::decode_all(compressed.as_slice())?;
        let mut rest = archive.as_slice();
        let mut seen = Vec::new();
        loop {
            let mut reader = newc::Reader::new(rest)?;
            if reader.entry().is_trailer() {
                break;
            }
            let entry = reader.entry();
            assert_eq!(
                (entry.uid(), entry.gid(), entry.mtime()),
                (0, 0, FILE_TIME_SECS)
            );
            let numbers = (entry.mode(), entry.rdev_major(), entry.rdev_minor());
            let name = entry.name().to_owned();
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            seen.push((name, numbers, content.len()));
            rest = reader.finish()?;
        }
        let expected = [
            ("dev", (0o040_755, 0, 0), 0),
            ("dev/console", (0o020_600, 5, 1), 0),
            ("init", (0o100_755, 0, 0), 7),
            ("proc", (0o040_755, 0, 0), 0),
        ];
        assert_eq!(
            seen,
            expected.map(|(name, numbers, length)| (name.to_owned(), numbers, length))
        );
        Ok(())
    }

    #[test]
    fn the_same_tree_gives_the_same_bytes() -> Result<()> {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        write_initrd(&sample(), &mut first)?;
        write_initrd(&sample(), &mut second)?;
        assert_eq!(first, second);
        Ok(())
    }
}
