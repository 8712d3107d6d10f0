//! Whether the store answered in this boot: the daemon finds out, PID 1 asks.

use crate::boot_report::BootReport;
use image_format::BootNumber;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file that holds the number of the boot in which the store answered last. What an earlier
/// boot left says nothing about this one.
#[derive(Clone, Debug)]
pub struct StoreReached(PathBuf);

impl StoreReached {
    /// The one below `/writable/system`, or where a test has that.
    #[must_use]
    pub fn of(system: &Path) -> Self {
        Self(system.join("store-reached"))
    }

    /// Whether it answered in this boot.
    #[must_use]
    pub fn holds(&self) -> bool {
        BootReport::read().is_ok_and(|report| self.holds_for(report.boot))
    }

    /// Whether it answered in that boot.
    #[must_use]
    pub fn holds_for(&self, boot: BootNumber) -> bool {
        let number = std::fs::read_to_string(&self.0).ok();
        number.is_some_and(|number| number.trim_end() == boot.to_string())
    }

    /// It answered, in this boot.
    ///
    /// # Errors
    /// The file system's.
    pub fn tell(&self, boot: BootNumber) -> io::Result<()> {
        if self.holds_for(boot) {
            return Ok(());
        }
        let new = self.0.with_extension("new");
        let mut file = File::create(&new)?;
        writeln!(file, "{boot}")?;
        file.sync_all()?;
        std::fs::rename(new, &self.0)
    }

    /// It does not answer.
    ///
    /// # Errors
    /// The file system's.
    pub fn take_back(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_boot_left_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let reached = StoreReached::of(directory.path());
        assert!(!reached.holds_for(BootNumber(7)));
        reached.tell(BootNumber(7)).unwrap();
        assert!(reached.holds_for(BootNumber(7)));
        assert!(!reached.holds_for(BootNumber(8)));
        reached.take_back().unwrap();
        reached.take_back().unwrap();
        assert!(!reached.holds_for(BootNumber(7)));
    }
}
