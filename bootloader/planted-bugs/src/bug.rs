//! A planted bug: which text of which file becomes what, and what that would do to a
//! device.

use serde::Deserialize;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What may be changed: the code that runs on devices.
const SHIPPED: [&str; 4] = [
    "bootloader/boot-core/src/",
    "firmware/image-format/src/",
    "firmware/image-trust/src/",
    "firmware/system-update/src/",
];

/// A bug, as its file tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bug {
    /// The name of its file, without the ending.
    #[serde(skip)]
    pub name: String,
    /// What would go wrong in the field, in a sentence.
    pub about: String,
    /// Where it is planted, from the root of the workspace.
    pub file: String,
    /// The promises of which one has to be reported broken.
    pub caught_by: Vec<String>,
    /// The text that is there, once.
    pub from: String,
    /// The text that takes its place.
    pub to: String,
}

/// A bug that cannot be planted.
#[derive(Debug)]
pub enum BugError {
    /// Its file, or the one that it changes, cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Its file is not of the documented form.
    Malformed {
        /// Which.
        path: PathBuf,
        /// What the parser says.
        cause: toml::de::Error,
    },
    /// It would change code that no device runs.
    NotShipped {
        /// The bug.
        name: String,
        /// The file that it would change.
        file: String,
    },
    /// It changes nothing, or names no promise that it breaks.
    Pointless {
        /// The bug.
        name: String,
    },
    /// The text that it changes is not there exactly once.
    NotOnce {
        /// The bug.
        name: String,
        /// Where the text should be.
        file: String,
        /// How often the text is there.
        times: usize,
    },
}

impl fmt::Display for BugError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, cause } => {
                write!(f, "cannot read {}: {cause}", path.display())
            }
            Self::Malformed { path, cause } => {
                write!(f, "cannot understand {}: {cause}", path.display())
            }
            Self::NotShipped { name, file } => write!(
                f,
                "cannot plant {name}: {file} is not shipped; change a file below one of {}",
                SHIPPED.join(", ")
            ),
            Self::Pointless { name } => write!(
                f,
                "cannot plant {name}: it has to change something and to name what it breaks"
            ),
            Self::NotOnce { name, file, times } => write!(
                f,
                "cannot plant {name}: its `from` occurs {times} times in {file}, not once; the \
                 code has changed: take the text as it is now, or remove the bug if it can no \
                 longer be made"
            ),
        }
    }
}

impl std::error::Error for BugError {}

/// All bugs of a directory, by name.
///
/// # Errors
/// See [`BugError`]: every one of them, though not yet against the code.
pub fn read_bugs(directory: &Path) -> Result<Vec<Bug>, BugError> {
    let unreadable = |cause| BugError::Unreadable {
        path: directory.to_owned(),
        cause,
    };
    let mut bugs = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            bugs.push(read_bug(&path)?);
        }
    }
    bugs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(bugs)
}

fn read_bug(path: &Path) -> Result<Bug, BugError> {
    let text = read(path)?;
    let mut bug: Bug = toml::from_str(&text).map_err(|cause| BugError::Malformed {
        path: path.to_owned(),
        cause,
    })?;
    bug.name = path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if !SHIPPED.iter().any(|crates| bug.file.starts_with(crates)) {
        let Bug { name, file, .. } = bug;
        return Err(BugError::NotShipped { name, file });
    }
    if bug.from == bug.to || bug.caught_by.is_empty() {
        return Err(BugError::Pointless { name: bug.name });
    }
    Ok(bug)
}

fn read(path: &Path) -> Result<String, BugError> {
    fs::read_to_string(path).map_err(|cause| BugError::Unreadable {
        path: path.to_owned(),
        cause,
    })
}

impl Bug {
    /// The changed file of the checkout at `root`.
    ///
    /// # Errors
    /// [`BugError::Unreadable`] and [`BugError::NotOnce`].
    pub fn planted(&self, root: &Path) -> Result<String, BugError> {
        let code = read(&root.join(&self.file))?;
        match code.matches(&self.from).count() {
            1 => Ok(code.replacen(&self.from, &self.to, 1)),
            times => Err(BugError::NotOnce {
                name: self.name.clone(),
                file: self.file.clone(),
                times,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
