//! A factory reset: `writable` is emptied before anything on it is used.
//!
//! Somebody asked for it in an earlier boot, and the request lies on `writable` itself. It is
//! taken away last, when all else is gone and on the disk: a power cut at any instant leaves
//! either the request, and the next boot goes on, or a reset that is finished.
//!
//! One mechanism for all: everything goes that is not named here. What apps, accounts and
//! settings keep where is no affair of this module.

use anyhow::Context;
use image_format::AppData;
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags, syncfs};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use system_update::{AS_MADE, ResetRequest};

/// The system's directory, below `writable`.
const SYSTEM: &str = "system";
/// What makes this device this one and no other, as it was flashed; and what the store said
/// last, without which an older word of it would be believed again.
const ALWAYS_KEPT: [&str; 5] = [
    "system/hostname",
    "system/machine-id",
    "system/serial",
    "system/store",
    "system/var/lib/cloud/seed",
];
/// What apps wrote, and whose it is: another app must not be given an owner's number.
const APP_DATA: [&str; 2] = ["system/var/snap", "system/snaps/users"];
/// Of the file system itself: emptied, and not removed.
const LOST_AND_FOUND: &str = "lost+found";

/// Finishes the reset that somebody asked for, if somebody did. `record` tells of it, once
/// all is gone and while the request is still there: it may be told again.
///
/// # Errors
/// Something cannot be removed. Half of what there was may be gone, and `writable` must not
/// be used; the next boot goes on.
pub(super) fn finish_if_asked(
    writable: &Path,
    record: impl FnOnce(AppData),
) -> anyhow::Result<Option<AppData>> {
    let request = ResetRequest::of(&writable.join(SYSTEM));
    let asked = request
        .read()
        .context("cannot tell whether to reset writable")?;
    let Some(data) = asked else {
        return Ok(None);
    };
    log::info!("a factory reset was asked for: writable is being emptied");
    Emptying::new(writable, &request, data)
        .run(&mut || Ok(()))
        .context("cannot finish the factory reset")?;
    record(data);
    File::create(writable.join(SYSTEM).join(AS_MADE))
        .and_then(|made| made.sync_all())
        .context("cannot finish the factory reset")?;
    request
        .remove()
        .context("cannot finish the factory reset")?;
    Ok(Some(data))
}

/// Called before each change: tests lose the power there.
type Step<'a> = &'a mut dyn FnMut() -> io::Result<()>;

struct Emptying<'a> {
    writable: &'a Path,
    kept: Vec<PathBuf>,
}

impl<'a> Emptying<'a> {
    fn new(writable: &'a Path, request: &ResetRequest, data: AppData) -> Self {
        let app_data = match data {
            AppData::Dropped => [].as_slice(),
            AppData::Kept => APP_DATA.as_slice(),
        };
        let kept = ALWAYS_KEPT.iter().chain(app_data);
        let kept = kept.map(|path| writable.join(path));
        Self {
            writable,
            kept: kept.chain([request.path().to_owned()]).collect(),
        }
    }

    /// All of it is on the disk when this returns.
    fn run(&self, step: Step<'_>) -> io::Result<()> {
        self.empty(self.writable, step)?;
        step()?;
        Ok(syncfs(File::open(self.writable)?)?)
    }

    fn empty(&self, directory: &Path, step: Step<'_>) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            if self.kept.contains(&path) {
                continue;
            }
            let is_directory = entry.file_type()?.is_dir();
            if !is_directory {
                step()?;
                remove(&path, |path| fs::remove_file(path))?;
                continue;
            }
            self.empty(&path, step)?;
            let holds_kept = self.kept.iter().any(|kept| kept.starts_with(&path));
            if !holds_kept && path != self.writable.join(LOST_AND_FOUND) {
                step()?;
                remove(&path, |path| fs::remove_dir(path))?;
            }
        }
        Ok(())
    }
}

/// Removes it even where somebody made it, or the directory that it is in, immutable.
fn remove(path: &Path, act: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match act(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            for locked in [Some(path), path.parent()].into_iter().flatten() {
                // What cannot be unlocked is told by the second try.
                let _ = unlock(locked);
            }
            act(path)
        }
        result => result,
    }
}

/// Links and devices have no such flags, and opening them would lead elsewhere.
fn unlock(path: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        let file = File::open(path)?;
        let flags = ioctl_getflags(&file)?;
        ioctl_setflags(&file, flags - IFlags::IMMUTABLE - IFlags::APPEND)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
