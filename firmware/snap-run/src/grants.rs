//! What a person, or what the store signed, allows a snap beyond what every snap may.
//!
//! A file for each snap, in a directory that is root's, a word or two a line:
//!
//! ```text
//! devmode
//! plug gpio
//! device /dev/ttyUSB0
//! ```
//!
//! A line that is none of these is an error, and then the snap does not start: what was
//! meant to take something away would take nothing.

use confinement::Plug;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What a snap was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// A person said `--devmode`.
    pub devmode: bool,
    /// Plugs beyond those that everybody has.
    pub plugs: BTreeSet<Plug>,
    /// Device nodes, by `hw-assign`.
    pub devices: BTreeSet<PathBuf>,
}

/// Why it is not known what a snap was granted.
#[derive(Debug)]
pub enum GrantsError {
    /// The file cannot be read or written.
    File(PathBuf, io::Error),
    /// A line of it means nothing.
    Line(PathBuf, String),
}

impl fmt::Display for GrantsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => {
                write!(f, "cannot keep grants in {}: {error}", path.display())
            }
            Self::Line(path, line) => write!(
                f,
                "cannot understand {line:?} in {}: write devmode, plug NAME or device /dev/NAME",
                path.display()
            ),
        }
    }
}

impl std::error::Error for GrantsError {}

impl Grants {
    /// Reads the file `path`; without one, nothing was granted.
    ///
    /// # Errors
    /// See [`GrantsError`].
    pub fn read(path: &Path) -> Result<Self, GrantsError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(GrantsError::File(path.to_owned(), error)),
        };
        let mut grants = Self::default();
        for line in text.lines() {
            let unknown = || GrantsError::Line(path.to_owned(), line.to_owned());
            match line.split_once(' ') {
                None if line == "devmode" => grants.devmode = true,
                Some(("plug", name)) => {
                    let plug = Plug::of_interface(name).ok_or_else(unknown)?;
                    grants.plugs.insert(plug);
                }
                Some(("device", device)) if device.starts_with("/dev/") => {
                    grants.devices.insert(PathBuf::from(device));
                }
                _ => return Err(unknown()),
            }
        }
        Ok(grants)
    }

    /// Writes the file `path`, whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), GrantsError> {
        let failed = |error| GrantsError::File(path.to_owned(), error);
        let new = path.with_extension("new");
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(self.text().as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&new, path).map_err(failed)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if self.devmode {
            text.push_str("devmode\n");
        }
        for plug in &self.plugs {
            text.push_str(&format!("plug {plug}\n"));
        }
        for device in &self.devices {
            text.push_str(&format!("device {}\n", device.display()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("grants/web");
        assert_eq!(Grants::read(&path).unwrap(), Grants::default());
        let grants = Grants {
            devmode: true,
            plugs: [Plug::Gpio, Plug::I2c].into(),
            devices: [PathBuf::from("/dev/ttyUSB0")].into(),
        };
        grants.write(&path).unwrap();
        assert_eq!(Grants::read(&path).unwrap(), grants);
    }

    #[test]
    fn what_is_not_understood_grants_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("web");
        for line in ["", "devmode ", "plug sun", "device /etc/x", "plugs gpio"] {
            fs::write(&path, format!("{line}\n")).unwrap();
            let error = Grants::read(&path).unwrap_err();
            assert!(matches!(error, GrantsError::Line(..)), "{line:?}: {error}");
        }
    }

    #[test]
    fn what_can_be_granted_is_what_there_is_to_give() {
        use confinement::Giver;
        let given = Plug::ALL
            .into_iter()
            .filter(|plug| plug.giver() == Giver::Grant);
        let given: BTreeSet<_> = given.map(Plug::name).collect();
        assert_eq!(given, snap_format::GRANTED_PLUGS.into());
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("web");
        let words = ["devmode", "kvm", "/dev/bus/usb/001/002"];
        let lines = words.map(|word| word.parse::<snap_format::Grant>().unwrap().line());
        fs::write(&path, lines.concat()).unwrap();
        let grants = Grants::read(&path).unwrap();
        assert!(grants.devmode && grants.plugs.contains(&Plug::Kvm) && grants.devices.len() == 1);
    }
}
