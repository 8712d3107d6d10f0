//! All bugs, one after the other: while some are hunted, the next one is built.

use crate::account::{Account, Tried};
use crate::bug::{Bug, BugError};
use crate::copy::{Build, Copy, CopyError};
use crate::hunt::{HuntError, Verdict, broken_promises, verdict};
use std::fmt;
use std::iter;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

/// Why not all bugs were tried.
#[derive(Debug)]
pub enum PlantError {
    /// A bug cannot be planted.
    Bug(BugError),
    /// The copy cannot be made or built.
    Copy(CopyError),
    /// The simulator failed over the bug of this name.
    Hunt(String, HuntError),
    /// The code as it is does not compile.
    NotBuilt(String),
    /// The simulator reports promises broken without any bug: it would catch everything.
    BrokenAsItIs(Vec<String>),
}

impl fmt::Display for PlantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bug(error) => error.fmt(f),
            Self::Copy(error) => error.fmt(f),
            Self::Hunt(name, error) => write!(f, "cannot try {name}: {error}"),
            Self::NotBuilt(words) => write!(f, "cannot build the simulator:\n{words}"),
            Self::BrokenAsItIs(promises) => write!(
                f,
                "cannot tell a bug from none: without any, the simulator reports {}; \
                 `cargo xtask sim --states-only` tells more",
                promises.join(", ")
            ),
        }
    }
}

impl std::error::Error for PlantError {}

impl From<BugError> for PlantError {
    fn from(error: BugError) -> Self {
        Self::Bug(error)
    }
}

impl From<CopyError> for PlantError {
    fn from(error: CopyError) -> Self {
        Self::Copy(error)
    }
}

/// Plants each of `bugs` into a copy of the `checkout` and hunts it; `tell` hears of each
/// as soon as it is known. The code without any bug is simulated first: it must be clean.
///
/// # Errors
/// See [`PlantError`]. A bug that is missed is none: it is in the account.
pub fn try_bugs(
    checkout: &Path,
    bugs: &[Bug],
    mut tell: impl FnMut(&Tried),
) -> Result<Account, PlantError> {
    let planted = bugs
        .iter()
        .map(|bug| Ok((bug, bug.planted(checkout)?)))
        .collect::<Result<Vec<_>, BugError>>()?;
    let garden = Mutex::new(Garden {
        copy: Copy::of(checkout)?,
        beds: iter::once(None).chain(planted.into_iter().map(Some)),
    });
    let hunters = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (sender, results) = channel();
        for _ in 0..hunters {
            let (garden, sender) = (&garden, sender.clone());
            // Nobody listens any more after an error: then the rest is of no interest.
            scope.spawn(move || {
                while let Some(result) = hunt_next(garden) {
                    if sender.send(result).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut account = Account::default();
        for result in results {
            if let Some(tried) = result? {
                tell(&tried);
                account.add(tried);
            }
        }
        Ok(account)
    })
}

/// The copy, and what is to be planted into it: nothing, or a bug with its code. One at a
/// time grows here, while others are hunted elsewhere.
struct Garden<B> {
    copy: Copy,
    beds: B,
}

/// Plants, builds and hunts the next one; the result of the code as it is has no name.
fn hunt_next<'a, B>(garden: &Mutex<Garden<B>>) -> Option<Result<Option<Tried>, PlantError>>
where
    B: Iterator<Item = Option<(&'a Bug, String)>>,
{
    let mut grown = garden.lock().ok()?;
    let bed = grown.beds.next()?;
    let begun = Instant::now();
    let Some((bug, code)) = bed else {
        let build = grown.copy.build("as-it-is");
        drop(grown);
        return Some(build.map_err(PlantError::Copy).and_then(expect_clean));
    };
    let build = grown.copy.build_with(bug, &code);
    drop(grown);
    let verdict = build
        .map_err(PlantError::Copy)
        .and_then(|build| match build {
            Build::Failed(words) => Ok(Verdict::NotBuilt(words)),
            Build::Simulator(simulator) => match broken_promises(&simulator) {
                Ok(broken) => Ok(verdict(bug, broken)),
                Err(error) => Err(PlantError::Hunt(bug.name.clone(), error)),
            },
        });
    Some(verdict.map(|verdict| {
        Some(Tried {
            bug: bug.clone(),
            verdict,
            secs: begun.elapsed().as_secs_f32(),
        })
    }))
}

fn expect_clean(build: Build) -> Result<Option<Tried>, PlantError> {
    let simulator = match build {
        Build::Simulator(simulator) => simulator,
        Build::Failed(words) => return Err(PlantError::NotBuilt(words)),
    };
    match broken_promises(&simulator) {
        Ok(broken) if broken.is_empty() => Ok(None),
        Ok(broken) => Err(PlantError::BrokenAsItIs(broken)),
        Err(error) => Err(PlantError::Hunt("the code as it is".to_owned(), error)),
    }
}
