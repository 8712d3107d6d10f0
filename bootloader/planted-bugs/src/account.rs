//! What became of the bugs.

use crate::bug::Bug;
use crate::hunt::Verdict;
use serde_json::{Value, json};
use std::fmt;

/// A bug that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Which.
    pub bug: Bug,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took to build and to hunt it.
    pub secs: f32,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bug, verdict, secs } = self;
        write!(f, "{:<34}", bug.name)?;
        match verdict {
            Verdict::Caught(promise) => write!(f, "caught: {promise}, {secs:.1} s"),
            Verdict::Missed => write!(
                f,
                "MISSED: {}\n  give the simulator a sequence or a promise that shows it",
                bug.about
            ),
            Verdict::CaughtByAnother(promises) => write!(
                f,
                "NOT AS EXPECTED: it breaks {}\n  look why; if that is right, it belongs to \
                 `caught-by`",
                promises.join(", ")
            ),
            Verdict::NotBuilt(words) => write!(f, "NOT BUILT: mend its `to`\n{words}"),
        }
    }
}

/// All that were tried.
#[derive(Clone, Debug, Default)]
pub struct Account {
    tried: Vec<Tried>,
}

impl Account {
    pub(crate) fn add(&mut self, tried: Tried) {
        self.tried.push(tried);
    }

    /// How many were planted.
    #[must_use]
    pub fn planted(&self) -> usize {
        self.tried.len()
    }

    /// How many of them were caught, and by a promise that they break.
    #[must_use]
    pub fn caught(&self) -> usize {
        let caught = |tried: &&Tried| matches!(tried.verdict, Verdict::Caught(_));
        self.tried.iter().filter(caught).count()
    }

    /// The same for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let each = self.tried.iter().map(|Tried { bug, verdict, .. }| {
            let (verdict, promises) = match verdict {
                Verdict::Caught(promise) => ("caught", vec![promise.clone()]),
                Verdict::CaughtByAnother(promises) => ("not-as-expected", promises.clone()),
                Verdict::Missed => ("missed", Vec::new()),
                Verdict::NotBuilt(_) => ("not-built", Vec::new()),
            };
            json!({
                "name": bug.name,
                "about": bug.about,
                "file": bug.file,
                "verdict": verdict,
                "promises": promises,
            })
        });
        json!({
            "caught": self.caught(),
            "planted": self.planted(),
            "bugs": each.collect::<Vec<_>>(),
        })
    }
}

/// `3/4`: caught and planted.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.caught(), self.planted())
    }
}
