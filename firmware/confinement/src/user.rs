//! A user for each snap: from a fixed range, kept in a file, never given twice.
//!
//! The range lies above people (from 1000) and below sub-ids (from 100000), so neither user
//! namespaces nor containers are in the way of it. A number stays the snap's when the snap is
//! removed: files may still be there, and another snap must not find itself their owner.

use rustix::fs::{FlockOperation, flock};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The numbers of snaps' users.
pub const RANGE: std::ops::Range<u32> = 20_000..30_000;

/// The number of a snap's user, and of its group: never 0, never a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserId(u32);

impl UserId {
    /// The number `id`, if it is a snap's.
    #[must_use]
    pub fn new(id: u32) -> Option<Self> {
        RANGE.contains(&id).then_some(Self(id))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Why a snap has no user.
#[derive(Debug)]
pub enum UserError {
    /// The file cannot be read or written.
    File(PathBuf, io::Error),
    /// A line of the file is no name and number.
    Line(PathBuf, usize),
    /// All numbers are given.
    NoneLeft,
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(
                f,
                "cannot keep the users of snaps in {}: {error}",
                path.display()
            ),
            Self::Line(path, line) => write!(
                f,
                "cannot tell the users of snaps: line {line} of {} is no name and number; \
                 restore it, for files of snaps belong to these numbers",
                path.display()
            ),
            Self::NoneLeft => f.write_str(
                "cannot give the snap a user: all 10000 were given; reset the device to start anew",
            ),
        }
    }
}

impl std::error::Error for UserError {}

/// The file of all users of snaps: a name and a number a line.
#[derive(Clone, Debug)]
pub struct SnapUsers {
    path: PathBuf,
}

impl SnapUsers {
    /// The users kept in `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The snap whose user that is, if it is anybody's.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn snap_of(&self, user: UserId) -> Result<Option<String>, UserError> {
        let users = self.read()?;
        let found = users.into_iter().find(|(_, id)| *id == user);
        Ok(found.map(|(name, _)| name))
    }

    fn read(&self) -> Result<Vec<(String, UserId)>, UserError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(UserError::File(self.path.clone(), error)),
        };
        let user = |line: &str| {
            let (name, id) = line.split_once(' ')?;
            Some((name.to_owned(), UserId::new(id.parse().ok()?)?))
        };
        let lines = text.lines().enumerate();
        let users = lines.map(|(index, line)| {
            user(line).ok_or_else(|| UserError::Line(self.path.clone(), index + 1))
        });
        users.collect()
    }

    /// The user of `snap`; the next free one at its first start.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn user_of(&self, snap: &str) -> Result<UserId, UserError> {
        let failed = |error: io::Error| UserError::File(self.path.clone(), error);
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        // Held until this returns: two first starts at once get two numbers.
        let lock = File::create(self.path.with_extension("lock")).map_err(failed)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        let mut users = self.read()?;
        if let Some((_, id)) = users.iter().find(|(name, _)| name == snap) {
            return Ok(*id);
        }
        let last = users.iter().map(|(_, id)| id.get()).max();
        let next = last.map_or(RANGE.start, |last| last + 1);
        let id = UserId::new(next).ok_or(UserError::NoneLeft)?;
        users.push((snap.to_owned(), id));
        let lines = users
            .iter()
            .map(|(name, id)| format!("{name} {}\n", id.get()));
        replace(&self.path, &lines.collect::<String>()).map_err(failed)?;
        Ok(id)
    }
}

/// Whole or not at all, whatever is cut.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snap_keeps_its_user_and_shares_it_with_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let users = SnapUsers::new(directory.path().join("deep/users"));
        let one = users.user_of("one").unwrap();
        let two = users.user_of("two").unwrap();
        assert_eq!((one.get(), two.get()), (20_000, 20_001));
        let again = SnapUsers::new(directory.path().join("deep/users"));
        assert_eq!(again.user_of("one").unwrap(), one);
        assert_eq!(again.snap_of(two).unwrap().as_deref(), Some("two"));
        assert_eq!(again.snap_of(UserId::new(29_000).unwrap()).unwrap(), None);
    }

    #[test]
    fn no_number_outside_the_range_is_a_snaps() {
        for id in [0, 1, 1000, 19_999, 30_000, 65_534, u32::MAX] {
            assert_eq!(UserId::new(id), None, "{id}");
        }
    }

    #[test]
    fn a_damaged_file_gives_nobody_a_user() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users");
        for text in ["one 0\n", "one\n", "one 20000\ntwo x\n", "\n"] {
            fs::write(&path, text).unwrap();
            let error = SnapUsers::new(&path).user_of("three").unwrap_err();
            assert!(matches!(error, UserError::Line(..)), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_last_number_is_the_last() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users");
        fs::write(&path, "last 29999\n").unwrap();
        let users = SnapUsers::new(&path);
        assert!(matches!(users.user_of("more"), Err(UserError::NoneLeft)));
        assert_eq!(users.user_of("last").unwrap().get(), 29_999);
    }
}
