//! The words of a kernel that panicked, which it left in the firmware's variables.
//!
//! The next system that runs puts them into the flight record, under the boot they belong
//! to, and removes them: the firmware has little room. Linux,
//! `Documentation/admin-guide/pstore-blk.rst` and `fs/pstore`.

mod dump;

pub(crate) use dump::{BOOT_MARK, Words};

use crate::kernel_log::end_of;
use anyhow::Context;
use dump::read_dump;
use rustix::mount::{MountFlags, mount};
use std::fs;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "/sys/fs/pstore";

/// Takes the words of a panic, if there are any. They are removed once `keep` has kept
/// them: a loss of power in between keeps them twice, not never.
pub(crate) fn take(keep: impl FnOnce(&Words) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("pstore", DIRECTORY, "pstore", flags, c"")
        .with_context(|| format!("cannot mount {DIRECTORY}"))?;
    let files = dump_files(Path::new(DIRECTORY));
    let parts: Vec<_> = files
        .iter()
        .filter_map(|file| Some(String::from_utf8_lossy(&fs::read(file).ok()?).into_owned()))
        .collect();
    if let Some(words) = read_dump(&parts) {
        keep(&words)?;
    }
    for file in files {
        fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

fn dump_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("dmesg-"))
        })
        .collect();
    files.sort();
    files
}
