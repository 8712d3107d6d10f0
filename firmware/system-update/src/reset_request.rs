//! That somebody asked for a factory reset: the daemon writes it down, PID 1 finds it before
//! anything on `writable` is used, and takes it away when the reset is done.

use image_format::AppData;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file, below the system's directory on `writable`.
const NAME: &str = "factory-reset";

/// A file below `/writable/system` that is there from the end of a reset on until the device is
/// bound to a source of a cloud-config again: it is at its first boots, whatever their number.
pub const AS_MADE: &str = "as-made";

/// A file that is there as long as a reset is asked for and not finished. It holds `drop-data`
/// or `keep-data`.
#[derive(Clone, Debug)]
pub struct ResetRequest(PathBuf);

impl ResetRequest {
    /// The one below `/writable/system`, or where a test has that.
    #[must_use]
    pub fn of(system: &Path) -> Self {
        Self(system.join(NAME))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is asked for, if it is.
    ///
    /// # Errors
    /// The file cannot be read, or says what nobody here understands. Whoever uses `writable`
    /// then may use half of what there was.
    pub fn read(&self) -> io::Result<Option<AppData>> {
        match fs::read_to_string(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
            Ok(text) => match text.trim_end() {
                "drop-data" => Ok(Some(AppData::Dropped)),
                "keep-data" => Ok(Some(AppData::Kept)),
                other => Err(io::Error::new(
                    ErrorKind::InvalidData,
                    format!("{} asks for {other:?}", self.0.display()),
                )),
            },
        }
    }

    /// Asks for it. It is on the disk when this returns, whole or not at all.
    ///
    /// # Errors
    /// The file system's: nothing is asked for.
    pub fn write(&self, data: AppData) -> io::Result<()> {
        let new = self.0.with_extension("new");
        let mut file = File::create(&new)?;
        let word = match data {
            AppData::Dropped => "drop-data",
            AppData::Kept => "keep-data",
        };
        writeln!(file, "{word}")?;
        file.sync_all()?;
        fs::rename(new, &self.0)?;
        self.flush_name()
    }

    /// It is done. Nothing is asked for any more when this returns.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.0)?;
        self.flush_name()
    }

    fn flush_name(&self) -> io::Result<()> {
        let directory = self.0.parent().ok_or(ErrorKind::InvalidInput)?;
        File::open(directory)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_there_until_it_is_taken_away() {
        let directory = tempfile::tempdir().unwrap();
        let request = ResetRequest::of(directory.path());
        assert_eq!(request.read().unwrap(), None);
        for data in [AppData::Kept, AppData::Dropped] {
            request.write(data).unwrap();
            assert_eq!(request.read().unwrap(), Some(data));
        }
        assert_eq!(fs::read(request.path()).unwrap(), b"drop-data\n");
        request.remove().unwrap();
        assert_eq!(request.read().unwrap(), None);
    }

    #[test]
    fn what_nobody_understands_is_an_error_and_not_no_request() {
        let directory = tempfile::tempdir().unwrap();
        let request = ResetRequest::of(directory.path());
        for bad in ["", "drop", "keep-data and more"] {
            fs::write(request.path(), bad).unwrap();
            let error = request.read().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{bad:?}");
        }
    }
}
