//! Files of lines: which snaps were started, for a supervisor that had to be started again,
//! and what persons said of services ([`crate::standing`]).

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file of lines, each once.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    path: PathBuf,
}

impl Lines {
    pub(crate) fn in_file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub(crate) fn read(&self) -> io::Result<BTreeSet<String>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Changes the list, whole or not at all.
    pub(crate) fn change(&self, change: impl FnOnce(&mut BTreeSet<String>)) -> io::Result<()> {
        let before = self.read()?;
        let mut lines = before.clone();
        change(&mut lines);
        if lines == before {
            return Ok(());
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let new = self.path.with_extension("new");
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(directory)?;
        fs::write(&new, text)?;
        fs::File::open(&new)?.sync_all()?;
        fs::rename(&new, &self.path)?;
        // Or the power takes the new name back.
        fs::File::open(directory)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_what_it_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let lines = Lines::in_file(directory.path().join("deep/list"));
        assert!(lines.read().unwrap().is_empty());
        lines
            .change(|lines| lines.extend(["b".to_owned(), "a".to_owned()]))
            .unwrap();
        lines
            .change(|lines| lines.retain(|line| line != "a"))
            .unwrap();
        assert_eq!(lines.read().unwrap(), ["b".to_owned()].into());
    }
}
