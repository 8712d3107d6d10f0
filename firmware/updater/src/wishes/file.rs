//! Where wishes are kept: `/writable/system/snaps/wanted/NAME.json`, each a file of its own.
//!
//! Who asks for a snap writes the file, whole; the daemon takes it away once the snap is here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use snap_format::SnapName;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store_format::PublisherName;

/// A snap that is to be installed, once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Wish {
    /// Whose, where more than one has it.
    pub publisher: Option<PublisherName>,
    /// What is set once it is here: a value for each dotted key.
    pub configuration: Map<String, Value>,
    /// How far it is.
    pub standing: WishStanding,
}

/// How far a wish is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "why")]
pub enum WishStanding {
    /// Nobody has tried it yet.
    #[default]
    Waits,
    /// The last try failed with that, and there will be another.
    Failed(String),
    /// It cannot be: nobody tries it again.
    GivenUp(String),
}

/// The wishes of a device.
#[derive(Clone, Debug)]
pub struct WishFiles {
    directory: PathBuf,
    /// Held between a look at a file and a change of it.
    changing: Arc<Mutex<()>>,
}

impl WishFiles {
    /// Those of a device that keeps what is its own in `own`: `/writable/system`.
    #[must_use]
    pub fn below(own: &Path) -> Self {
        Self::in_directory(own.join("snaps/wanted"))
    }

    pub(crate) fn in_directory(directory: PathBuf) -> Self {
        Self {
            directory,
            changing: Arc::default(),
        }
    }

    /// Where they are. It is made here, so that somebody can look at it for changes.
    pub(crate) fn make_directory(&self) -> io::Result<&Path> {
        if let Some(parent) = self.directory.parent() {
            fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(&self.directory),
        }
    }

    /// Keeps a wish, in the place of an older one. It is root's alone: there may be secrets in
    /// a configuration.
    ///
    /// # Errors
    /// The file system's.
    pub fn write(&self, name: &SnapName, wish: &Wish) -> io::Result<()> {
        self.write_locked(&self.lock(), name, wish)
    }

    fn write_locked(&self, _: &MutexGuard<'_, ()>, name: &SnapName, wish: &Wish) -> io::Result<()> {
        let directory = self.make_directory()?;
        let path = self.path(name);
        let new = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(&serde_json::to_vec(wish)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(directory)?.sync_all()
    }

    /// All that there are, by their names. One that cannot be read is none.
    #[must_use]
    pub fn list(&self) -> Vec<(SnapName, Wish)> {
        let entries = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let mut found: Vec<_> = entries
            .filter_map(|entry| {
                let name = entry.file_name();
                let name: SnapName = name.to_str()?.strip_suffix(".json")?.parse().ok()?;
                let wish = self.read(&name)?;
                Some((name, wish))
            })
            .collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }

    fn read(&self, name: &SnapName) -> Option<Wish> {
        serde_json::from_slice(&fs::read(self.path(name)).ok()?).ok()
    }

    /// Notes how far it is, unless somebody took it back meanwhile.
    pub(crate) fn note(&self, name: &SnapName, standing: WishStanding) -> io::Result<()> {
        let lock = self.lock();
        match self.read(name) {
            Some(wish) if wish.standing != standing => {
                self.write_locked(&lock, name, &Wish { standing, ..wish })
            }
            _ => Ok(()),
        }
    }

    /// Forgets it. Whether there was one.
    pub(crate) fn remove(&self, name: &SnapName) -> io::Result<bool> {
        let _lock = self.lock();
        match fs::remove_file(self.path(name)) {
            Ok(()) => File::open(&self.directory)?.sync_all().map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A person takes care of the snap: what was given up is no wish any more.
    pub(crate) fn leave(&self, name: &SnapName) -> io::Result<()> {
        let wish = self.read(name);
        match wish.is_some_and(|wish| matches!(wish.standing, WishStanding::GivenUp(_))) {
            true => self.remove(name).map(|_| ()),
            false => Ok(()),
        }
    }

    fn path(&self, name: &SnapName) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::PermissionsExt;

    fn files() -> (tempfile::TempDir, WishFiles) {
        let own = tempfile::tempdir().unwrap();
        let files = WishFiles::below(own.path());
        (own, files)
    }

    #[test]
    fn a_wish_is_kept_noted_and_forgotten() {
        let (own, files) = files();
        let name: SnapName = "web".parse().unwrap();
        assert!(files.list().is_empty());
        let wish = Wish {
            publisher: Some("acme".parse().unwrap()),
            configuration: Map::from_iter([("token".to_owned(), json!("s3cret"))]),
            standing: WishStanding::Waits,
        };
        files.write(&name, &wish).unwrap();
        assert_eq!(files.list(), [(name.clone(), wish.clone())]);
        let path = own.path().join("snaps/wanted/web.json");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);

        let failed = WishStanding::Failed("no answer".to_owned());
        files.note(&name, failed.clone()).unwrap();
        assert_eq!(files.list()[0].1.standing, failed);
        assert_eq!(files.list()[0].1.configuration, wish.configuration);
        assert!(files.remove(&name).unwrap());
        assert!(!files.remove(&name).unwrap());
        // What is noted too late brings nothing back.
        files.note(&name, failed).unwrap();
        assert!(files.list().is_empty());
    }

    #[test]
    fn what_is_no_wish_is_none() {
        let (own, files) = files();
        let directory = own.path().join("snaps/wanted");
        fs::create_dir_all(&directory).unwrap();
        for (name, text) in [("web.json", "{"), ("a b.json", "{}"), ("web.new", "{}")] {
            fs::write(directory.join(name), text).unwrap();
        }
        assert!(files.list().is_empty());
    }
}
