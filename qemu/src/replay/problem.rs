//! A promise that a device broke, and the moment at which it was seen.

use std::fmt;

use image_format::Source;

use super::loader::Verdict;
use super::place::Place;
use super::state::{Cut, State};

/// A state, to be made again or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The number of the request in the log.
    pub request: usize,
    /// How the power was lost there.
    pub cut: Cut,
}

impl Told {
    /// That state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        Self {
            request: state.request,
            cut: state.cut,
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "power lost at request {}, {}", self.request, self.cut)
    }
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// No image starts.
    Unbootable {
        /// With this disk.
        state: Told,
        /// But this.
        verdict: Verdict,
    },
    /// Something starts that neither the flush before nor the one after explains.
    NeitherOldNorNew {
        /// With this disk.
        state: Told,
        /// At the flush before.
        old: Verdict,
        /// At the flush after.
        new: Verdict,
        /// With this disk.
        found: Verdict,
    },
    /// The device did not live the story that was recorded.
    OtherStory {
        /// What is to start after the flushes.
        expected: Vec<Source>,
        /// What starts.
        found: Vec<Source>,
    },
    /// A write to the boot state came before the one before it was flushed.
    NotFlushed {
        /// The one before.
        request: usize,
        /// The one that came.
        next: usize,
    },
    /// The device wrote where it has nothing to write.
    WrittenTo {
        /// Where.
        place: Place,
        /// With which request.
        request: usize,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbootable { state, verdict } => write!(f, "{state}: {verdict}"),
            Self::NeitherOldNorNew {
                state,
                old,
                new,
                found,
            } => write!(
                f,
                "{state}: {found}; at the flush before {old}, at the one after {new}"
            ),
            Self::OtherStory { expected, found } => write!(
                f,
                "after the flushes {} start, and it should be {}",
                names(found),
                names(expected)
            ),
            Self::NotFlushed { request, next } => write!(
                f,
                "request {request} writes to boot-state, and so does request {next} without a \
                 flush between them"
            ),
            Self::WrittenTo { place, request } => {
                write!(f, "request {request} writes to: {place}")
            }
        }
    }
}

fn names(sources: &[Source]) -> String {
    let names: Vec<_> = sources.iter().map(|source| source.name()).collect();
    names.join(", ")
}
