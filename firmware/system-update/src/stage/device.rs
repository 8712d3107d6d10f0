//! Staging on the disk of a running device, under its locks.

use super::{Progress, ReleaseSource, StageError, StageRequest, Staged, Staging};
use crate::boot_disk::{BootDisk, DiskError};
use std::io::ErrorKind;
use std::path::Path;

/// Does what [`stage`](super::stage()) does, on the disk at `path`.
///
/// The boot state is locked around each change of it and not in between: writing a slot
/// takes minutes, and PID 1 must not wait for it. A lock of its own keeps a second update
/// away for the whole time.
///
/// # Errors
/// See [`StageError`].
pub fn stage_on_device(
    path: &Path,
    request: &StageRequest<'_>,
    source: &mut impl ReleaseSource,
    progress: &mut impl FnMut(Progress),
) -> Result<Staged, StageError> {
    let mut slots = BootDisk::open_to_stage(path)?;
    let staging = Staging::begin(&mut BootDisk::open_to_change(path)?, request, source)?;
    if let Err(error) = staging.write(&mut slots, source, progress) {
        if let Ok(mut disk) = BootDisk::open_to_change(path) {
            staging.give_up(&mut disk, &error);
        }
        return Err(error);
    }
    staging.arm(&mut BootDisk::open_to_change(path)?)
}

impl From<DiskError> for StageError {
    fn from(error: DiskError) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock => Self::Busy,
            _ => Self::Disk(error.to_string()),
        }
    }
}
