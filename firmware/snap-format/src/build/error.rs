//! Why no snap is made.

use crate::error::SnapYamlError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A directory of which no snap is made.
#[derive(Debug)]
pub enum BuildError {
    /// A file cannot be read or written.
    Io {
        /// What was tried.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its snap.yaml is none.
    Yaml(SnapYamlError),
    /// A name that is no UTF-8.
    Name(PathBuf),
    /// The snap would lie in the directory that it is made of.
    OutputInside(PathBuf),
    /// `SOURCE_DATE_EPOCH` is no time.
    Time(String),
    /// Directories in directories, deeper than they are read.
    TooDeep(PathBuf),
}

impl BuildError {
    pub(super) fn io(verb: &'static str, path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            verb,
            path: path.clone(),
            source,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { verb, path, source } => {
                write!(f, "cannot {verb} {}: {source}", path.display())
            }
            Self::Yaml(error) => error.fmt(f),
            Self::Name(path) => write!(
                f,
                "cannot take {} in: its name is not UTF-8; rename it",
                path.display()
            ),
            Self::OutputInside(path) => write!(
                f,
                "cannot write {}: it is in the directory that becomes the snap; give another \
                 place with --output",
                path.display()
            ),
            Self::Time(text) => write!(
                f,
                "cannot use SOURCE_DATE_EPOCH={text:?}: give seconds since 1970"
            ),
            Self::TooDeep(path) => write!(
                f,
                "cannot take {} in: it is nested too deep; put it into an archive",
                path.display()
            ),
        }
    }
}

// What is behind it is said already.
impl std::error::Error for BuildError {}
