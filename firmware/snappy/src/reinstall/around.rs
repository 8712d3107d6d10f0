//! Disks, a network and a console: what the rescue system has around it.

use super::network;
use crate::arguments::Form;
use crate::progress::ProgressLine;
use image_format::BootNumber;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use system_update::{BootDisk, Progress, record_not_reinstalled};
use updater::reinstall::disks::{Mounted, SYSFS, attached};
use updater::reinstall::{AttachedDisk, NotInstalled, Surroundings};

/// Where a disk is mounted while it is looked at.
const MOUNTED: &str = "/run/twinkeel/disk";

/// This device.
pub(super) struct Around<'a> {
    disk: &'a Path,
    boot: BootNumber,
    line: Mutex<Option<ProgressLine>>,
}

impl<'a> Around<'a> {
    /// `disk` is the one with the slots.
    pub(super) fn new(disk: &'a Path, boot: BootNumber, form: Form) -> Self {
        let line = match form {
            Form::Text => ProgressLine::on_terminal(),
            Form::Json => None,
        };
        let line = Mutex::new(line);
        Self { disk, boot, line }
    }

    /// What is said next begins on a line of its own.
    pub(super) fn end(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = line.as_mut() {
            line.end();
        }
    }

    fn record(&self, failed: &NotInstalled) -> anyhow::Result<()> {
        let mut disk = BootDisk::open_to_change(self.disk)?;
        record_not_reinstalled(&mut disk, self.boot, &failed.from, &failed.reason)?;
        Ok(())
    }
}

impl Surroundings for Around<'_> {
    type Mounted = Mounted;

    fn attached(&self) -> Vec<AttachedDisk> {
        attached(Path::new(SYSFS), self.disk)
    }

    fn mount(&self, disk: &AttachedDisk) -> Result<Mounted, String> {
        let device: PathBuf = Path::new("/dev").join(&disk.name);
        Mounted::read_only(&device, Path::new(MOUNTED))
    }

    fn join_network(&self) -> Result<(), String> {
        network::join()
    }

    fn tell(&self, failed: &NotInstalled) {
        self.end();
        eprintln!(
            "snappy: nothing is installed from {}: {}",
            failed.from, failed.reason
        );
        if let Err(error) = self.record(failed) {
            eprintln!("snappy: {error:#}");
        }
    }

    fn show(&self, progress: Progress) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = line.as_mut() {
            line.show(progress);
        }
    }
}
