//! Why a `meta/snap.yaml` is refused: where, what, and what would help.

use crate::duration::DurationError;
use crate::epoch::EpochError;
use crate::layout::LayoutError;
use crate::names::NameError;
use crate::sockets::SocketError;
use crate::timer::TimerError;
use crate::version::VersionError;
use crate::words::WordError;
use std::fmt;
use yaml_tree::{YamlError, YamlProblem};

/// A key that cannot be used, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapYamlError {
    key: String,
    line: usize,
    problem: Problem,
}

impl SnapYamlError {
    pub(crate) fn new(key: String, line: usize, problem: Problem) -> Self {
        SnapYamlError { key, line, problem }
    }

    /// The keys on the way, as in `apps.web.daemon`; empty for the document itself.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The line, counted from one.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<YamlError> for SnapYamlError {
    fn from(error: YamlError) -> Self {
        SnapYamlError::new(error.key, error.line, Problem::Yaml(error.problem))
    }
}

impl fmt::Display for SnapYamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use snap.yaml: line {}", self.line)?;
        if !self.key.is_empty() {
            write!(f, ", {}", self.key)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for SnapYamlError {}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It is no tree of texts.
    Yaml(YamlProblem),
    /// Nothing stands where there has to be something.
    Nothing,
    /// A key that has to be there is not.
    Missing(&'static str),
    /// A value of another type.
    NotA(&'static str),
    /// A text with more characters than people are shown.
    TextTooLong {
        /// The most.
        max_chars: usize,
    },
    /// A character that a command cannot have.
    Character(char),
    /// Another key would have to be there, or may not.
    Together(&'static str),
    /// A key that has another name.
    Typo {
        /// What it is called.
        right: &'static str,
    },
    /// What is referred to is not defined.
    Undefined {
        /// Of which kind it would be.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Apps that are to start each before the other.
    Cycle(Vec<String>),
    /// Something that only one may have, and another has, too.
    Taken(String),
    /// A name.
    Name(NameError),
    /// A version.
    Version(VersionError),
    /// An epoch.
    Epoch(EpochError),
    /// A length of time.
    Duration(DurationError),
    /// A timer.
    Timer(TimerError),
    /// A socket.
    Socket(SocketError),
    /// A layout.
    Layout(LayoutError),
    /// One of a few words.
    Word(WordError),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yaml(problem) => problem.fmt(f),
            Self::Nothing => f.write_str("nothing stands there; give a value"),
            Self::Missing(key) => write!(f, "{key} is missing; add it"),
            Self::NotA(what) => write!(f, "the value is no {what}; make it one"),
            Self::TextTooLong { max_chars } => {
                write!(
                    f,
                    "the text is longer than {max_chars} characters; shorten it"
                )
            }
            Self::Character(found) => write!(
                f,
                "{found:?} cannot be part of a command; use letters, digits and /._#:$-, and put \
                 the rest into a script"
            ),
            Self::Together(what) => f.write_str(what),
            Self::Typo { right } => write!(f, "the key is called {right:?}; rename it"),
            Self::Undefined { kind, name } => {
                write!(
                    f,
                    "there is no {kind} {name:?} in this snap; add it or remove the name"
                )
            }
            Self::Cycle(apps) => write!(
                f,
                "each of {} is to start before the others; remove a before or after",
                apps.join(", ")
            ),
            Self::Taken(by) => write!(f, "{by} has it already; choose another"),
            Self::Name(error) => error.fmt(f),
            Self::Version(error) => error.fmt(f),
            Self::Epoch(error) => error.fmt(f),
            Self::Duration(error) => error.fmt(f),
            Self::Timer(error) => error.fmt(f),
            Self::Socket(error) => error.fmt(f),
            Self::Layout(error) => error.fmt(f),
            Self::Word(error) => error.fmt(f),
        }
    }
}

impl From<std::convert::Infallible> for Problem {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

macro_rules! problem_of {
    ($($variant:ident $error:ty;)*) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

problem_of! {
    Name NameError;
    Version VersionError;
    Epoch EpochError;
    Duration DurationError;
    Timer TimerError;
    Socket SocketError;
    Layout LayoutError;
    Word WordError;
    Yaml YamlProblem;
}
