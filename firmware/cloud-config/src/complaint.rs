//! What is wrong with a document, or not honoured: where, and what would help.
//!
//! Nothing here is fatal. A key that cannot be used is left out and complained of, and the
//! others count.

use core::fmt;
use system_update::CloudConfigSeverity as Severity;
use yaml_tree::YamlError;

/// One key that does not count, or not as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Counted from one.
    pub line: usize,
    /// The keys on the way, as in `users[1].sudo`; empty for the document.
    pub key: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The document is no YAML, or one without an end.
    Yaml(String),
    /// Nobody knows the key: a warning.
    Unknown,
    /// cloud-init knows it, and a device of this kind does without: a warning.
    NotHonoured(&'static str),
    /// It is of another type.
    NotA(&'static str),
    /// A value that cannot be used, and what would do.
    Unusable {
        /// The value.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
    /// Others know more of it, and say no.
    Refused(String),
    /// Another key has to stand beside it.
    Missing(&'static str),
    /// There are more of them than anybody needs.
    TooMany {
        /// The most that count.
        most: usize,
    },
}

impl Complaint {
    /// About a part of the meta-data that has no lines of its own.
    pub(crate) fn of_meta_data(key: &str, error: &dyn core::error::Error) -> Self {
        Self {
            line: 1,
            key: key.to_owned(),
            reason: Reason::Refused(error.to_string()),
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self.reason {
            Reason::Unknown | Reason::NotHonoured(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl From<YamlError> for Complaint {
    fn from(error: YamlError) -> Self {
        Self {
            line: error.line,
            key: error.key,
            reason: Reason::Yaml(error.problem.to_string()),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl core::error::Error for Complaint {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yaml(problem) => f.write_str(problem),
            Self::Unknown => f.write_str("there is no such key; correct it or remove it"),
            Self::NotHonoured(why) => write!(f, "not honoured: {why}"),
            Self::NotA(what) => write!(f, "the value is no {what}; make it one"),
            Self::Unusable { found, wanted } => write!(f, "cannot use {found:?}; give {wanted}"),
            Self::Refused(why) => f.write_str(why),
            Self::Missing(key) => write!(f, "{key} is missing; add it"),
            Self::TooMany { most } => write!(f, "there are more than {most}; remove some"),
        }
    }
}

/// What was complained of so far.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Vec<Complaint>);

impl Complaints {
    /// The value, or a complaint and nothing.
    pub(crate) fn take<T>(&mut self, outcome: Result<T, Complaint>) -> Option<T> {
        outcome.map_err(|complaint| self.add(complaint)).ok()
    }

    /// So many are shown: nobody reads more, and a hostile document has no end of them.
    pub(crate) fn add(&mut self, complaint: Complaint) {
        const MOST: usize = 100;
        if self.0.len() < MOST {
            self.0.push(complaint);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Complaint> {
        self.0
    }
}
