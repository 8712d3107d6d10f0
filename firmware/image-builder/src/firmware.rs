//! The parts of a board's firmware that come as Debian packages: given to the virtual
//! machine, or written to the disk where the board's file says.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use boards::{Board, PackagedFile};

use crate::debian::{DebianPackages, Locking};
use crate::error::ImageError;
use crate::partitions::DiskLayout;
use crate::progress::Progress;
use crate::workspace::Workspace;

/// A file that a virtual machine is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareFile {
    /// The argument in front of it.
    pub argument: String,
    /// The file on this machine.
    pub path: PathBuf,
}

/// A part of the firmware for the disk.
pub(crate) struct DiskPart {
    pub(crate) offset_bytes: u64,
    pub(crate) content: Vec<u8>,
}

/// Fetches what the virtual machine of `board` is started with.
///
/// # Errors
/// A package is not to be had, or lacks the file.
pub fn fetch_firmware_files(
    workspace: &Workspace,
    board: &Board,
    locking: Locking,
    progress: &mut dyn Progress,
) -> Result<Vec<FirmwareFile>> {
    let wanted = &board.qemu.firmware_files;
    let files = wanted.iter().map(|file| &file.from);
    let paths = fetch(workspace, board, locking, files, progress)?;
    let named = wanted.iter().zip(paths).map(|(file, path)| FirmwareFile {
        argument: file.argument.clone(),
        path,
    });
    Ok(named.collect())
}

/// Fetches what of the firmware of `board` lies on its disk.
///
/// # Errors
/// As [`fetch_firmware_files`], or [`ImageError::FirmwarePart`] where there is no room.
pub(crate) fn fetch_disk_parts(
    workspace: &Workspace,
    board: &Board,
    locking: Locking,
    progress: &mut dyn Progress,
) -> Result<Vec<DiskPart>> {
    let wanted = &board.firmware_parts;
    let files = wanted.iter().map(|part| &part.from);
    let paths = fetch(workspace, board, locking, files, progress)?;
    let mut parts = Vec::new();
    for (part, path) in wanted.iter().zip(paths) {
        parts.push(DiskPart {
            offset_bytes: part.at_bytes,
            content: fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?,
        });
    }
    check_room(
        &board.id,
        &parts,
        DiskLayout::new(&board.geometry).firmware_room(),
    )?;
    Ok(parts)
}

fn fetch<'a>(
    workspace: &Workspace,
    board: &Board,
    locking: Locking,
    files: impl ExactSizeIterator<Item = &'a PackagedFile>,
    progress: &mut dyn Progress,
) -> Result<Vec<PathBuf>> {
    if files.len() == 0 {
        return Ok(Vec::new());
    }
    let mut packages = DebianPackages::open(workspace, board.architecture, locking)?;
    files
        .map(|file| find_in(&packages.fetch(&file.package, progress)?, &file.file))
        .collect()
}

/// The file `path` of an unpacked package; a name that ends in `*` stands for the one that
/// begins so.
fn find_in(tree: &Path, path: &str) -> Result<PathBuf> {
    let mut found = tree.to_owned();
    for name in path.split('/') {
        match name.strip_suffix('*') {
            None => found.push(name),
            Some(beginning) => found = only_entry(&found, beginning)?,
        }
    }
    if !found.is_file() {
        bail!("cannot find {path} in {}", tree.display());
    }
    Ok(found)
}

fn only_entry(directory: &Path, beginning: &str) -> Result<PathBuf> {
    let mut found = Vec::new();
    for entry in
        fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?
    {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(beginning) {
            found.push(entry.path());
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => bail!(
            "cannot tell which of {} in {} begins with {beginning}",
            found.len(),
            directory.display()
        ),
    }
}

/// Each part lies between the partition table and the first partition, and over no other.
fn check_room(board: &str, parts: &[DiskPart], room: Range<u64>) -> Result<(), ImageError> {
    let mut taken: Vec<Range<u64>> = Vec::new();
    for part in parts {
        let end = part.offset_bytes.saturating_add(part.content.len() as u64);
        let place = part.offset_bytes..end;
        let is_free = |other: &Range<u64>| place.end <= other.start || other.end <= place.start;
        if place.start < room.start || place.end > room.end || !taken.iter().all(is_free) {
            return Err(ImageError::FirmwarePart {
                board: board.to_owned(),
                place,
                room,
            });
        }
        taken.push(place);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(offset_bytes: u64, length: usize) -> DiskPart {
        DiskPart {
            offset_bytes,
            content: vec![1; length],
        }
    }

    #[test]
    fn parts_lie_behind_the_table_in_front_of_the_partitions_and_apart() {
        let check = |parts: &[DiskPart]| check_room("b", parts, 8192..1 << 20);
        assert_eq!(
            check(&[part(8192, 100), part(8292, (1 << 20) - 8292)]),
            Ok(())
        );
        for bad in [
            &[part(8191, 1)][..],
            &[part(8192, (1 << 20) - 8191)],
            &[part(u64::MAX, 1)],
            &[part(9000, 100), part(9099, 1)],
        ] {
            let error = check(bad).expect_err("no room").to_string();
            assert!(error.contains("firmware_parts in boards/b.toml"), "{error}");
        }
    }

    #[test]
    fn a_star_stands_for_the_only_name_that_begins_so() -> Result<()> {
        let tree = tempfile::tempdir()?;
        let directory = tree.path().join("usr/lib/linux-image-6.1-arm64");
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("board.dtb"), "tree")?;
        let find = |path| find_in(tree.path(), path);
        assert_eq!(
            find("usr/lib/linux-image-*/board.dtb")?,
            directory.join("board.dtb")
        );
        for absent in [
            "usr/lib/linux-image-*/other.dtb",
            "usr/lib/linux-image-*",
            "usr/lib/x*/a",
        ] {
            assert!(find(absent).is_err(), "{absent}");
        }
        fs::create_dir(tree.path().join("usr/lib/linux-image-6.2-arm64"))?;
        let error = find("usr/lib/linux-image-*/board.dtb").expect_err("two");
        assert!(error.to_string().contains("which of 2"), "{error}");
        Ok(())
    }
}
