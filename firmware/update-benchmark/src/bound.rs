//! The lower bound: for each file that changed, the best of `zstd -19 --patch-from`, `bsdiff`
//! and `zstd -19`, without anything that says which file it is.

use crate::pairs::{Pair, System};
use crate::tools::{Tools, length_of, patch_from};
use anyhow::Result;
use image_delta::make::Predecessors;
use serde::Serialize;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The lower bound, and what it is made of.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Bound {
    /// Files that changed, the kernel among them.
    pub files: u64,
    /// Bytes in them.
    pub file_bytes: u64,
    /// The bound.
    pub bytes: u64,
    /// What `bsdiff` alone would need.
    pub bsdiff_bytes: u64,
    /// What `zstd -19 --patch-from` alone would need.
    pub zstd_bytes: u64,
}

/// A file's name in its system, and where it is.
struct Named {
    name: Vec<u8>,
    path: PathBuf,
}

pub(crate) fn measure(pair: &Pair<'_>, tools: &Tools) -> Result<Bound> {
    let (old, new) = (files_of(pair.old)?, files_of(pair.new)?);
    let predecessors = Predecessors::of(&old, |file| file.name.as_slice());
    let scratch = tempfile::NamedTempFile::new()?;
    let mut bound = Bound::default();
    for file in &new {
        let before = predecessors.find(&file.name).map(|old| old.path.as_path());
        let bytes = fs::read(&file.path)?;
        let same = before.map(fs::read).transpose()?;
        if same.as_ref() == Some(&bytes) {
            continue;
        }
        bound.files += 1;
        bound.file_bytes += bytes.len() as u64;
        bound.add(before, &file.path, tools, scratch.path())?;
    }
    Ok(bound)
}

impl Bound {
    fn add(&mut self, old: Option<&Path>, new: &Path, tools: &Tools, out: &Path) -> Result<()> {
        let zstd = |base: Option<&Path>| {
            let mut command = Command::new(&tools.zstd);
            command.args(["-19", "-q", "-f", "-k"]);
            command.args(base.map(patch_from));
            length_of(command.arg(new).arg("-o").arg(out), out)
        };
        let alone = zstd(None)?;
        let (patched, bsdiff) = match old {
            Some(old) => {
                let mut command = Command::new(&tools.bsdiff);
                let bsdiff = length_of(command.args([old, new, out]), out)?;
                (zstd(Some(old))?, bsdiff)
            }
            None => (alone, alone),
        };
        self.bytes += alone.min(patched).min(bsdiff);
        self.zstd_bytes += patched;
        self.bsdiff_bytes += bsdiff;
        Ok(())
    }
}

fn files_of(system: &System) -> Result<Vec<Named>> {
    let mut files = vec![Named {
        name: b"kernel".to_vec(),
        path: system.kernel.clone(),
    }];
    add_files(&system.root, &system.root, &mut files)?;
    Ok(files)
}

fn add_files(root: &Path, directory: &Path, files: &mut Vec<Named>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            add_files(root, &path, files)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(root)?.as_os_str().as_bytes().to_vec();
            files.push(Named { name, path });
        }
    }
    Ok(())
}
