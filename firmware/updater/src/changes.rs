//! What was asked of this device since it booted, and what became of it: snapd's *changes*,
//! each a row of *tasks*.
//!
//! One change at a time for a part: a second one is refused, and told which one is in the
//! way. They are kept in a file under `/run`, so that a daemon that starts again still knows
//! them; what reaches over a reboot is in the flight record, and `snappy why` reads that.

mod change;
mod file;
mod of_snap;
mod update;
mod watched;

pub use change::{Change, ChangeKind, Status, Task, TaskKind, Work};
pub(crate) use update::start_update;
pub use watched::Watched;

use crate::device::Failure;
use crate::part::PART;
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the daemon keeps them. PID 1 makes the directory.
pub const PATH: &str = "/run/twinkeel/changes.json";

/// So many that are over are remembered.
const KEPT: usize = 32;

/// Another change of the same part is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its number.
    pub id: u64,
    /// Its kind.
    pub kind: ChangeKind,
    /// Its part.
    pub part: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot begin: change {} ({}) is in progress; \
             'snappy changes {}' tells how far it is",
            self.id,
            self.kind.name(),
            self.id
        )
    }
}

impl std::error::Error for Conflict {}

/// All changes.
pub struct Changes {
    all: Mutex<VecDeque<Change>>,
    moved: Condvar,
    file: PathBuf,
}

impl Changes {
    /// The changes that `file` tells of. What was in progress failed with the daemon that
    /// did it. A file that is missing or damaged tells of none.
    #[must_use]
    pub fn open(file: PathBuf) -> Self {
        let mut all = file::read(&file);
        for change in all.iter_mut().filter(|change| !change.is_ready()) {
            change.fail(&Failure::new(
                crate::device::FailureKind::Busy,
                "snappyd ended meanwhile; ask again",
            ));
        }
        Self {
            all: Mutex::new(all),
            moved: Condvar::new(),
            file,
        }
    }

    /// Begins a change of the system.
    ///
    /// # Errors
    /// Another one of the system is not over.
    pub fn begin(
        &self,
        kind: ChangeKind,
        summary: &str,
        tasks: &[(TaskKind, &str)],
    ) -> Result<u64, Conflict> {
        self.begin_of(PART, kind, summary, tasks)
    }

    /// Begins a change of a part.
    ///
    /// # Errors
    /// Another one of the same part is not over.
    pub fn begin_of(
        &self,
        part: &str,
        kind: ChangeKind,
        summary: &str,
        tasks: &[(TaskKind, &str)],
    ) -> Result<u64, Conflict> {
        let mut all = self.lock();
        if let Some(conflict) = in_the_way(&all, part, kind) {
            return Err(conflict);
        }
        let id = all.back().map_or(1, |newest| newest.id + 1);
        all.push_back(Change::new(id, kind, part, summary, tasks));
        let over = all.iter().filter(|change| change.is_ready()).count();
        for _ in KEPT..over {
            let oldest = all.iter().position(Change::is_ready);
            oldest.and_then(|oldest| all.remove(oldest));
        }
        self.keep(&all);
        Ok(id)
    }

    /// What a change of the system of that kind would have to wait for.
    pub fn in_the_way(&self, kind: ChangeKind) -> Option<Conflict> {
        in_the_way(&self.lock(), PART, kind)
    }

    /// The change is as far as that of a snap is.
    pub fn follow(&self, id: u64, other: &snap_store::Change) {
        self.edit(id, |change| change.follow(other));
    }

    /// The task of the change that goes on is so far.
    pub fn follow_bytes(&self, id: u64, done: u64, total: u64) {
        self.edit(id, |change| change.follow_bytes(done, total));
    }

    /// A person should know that of the task of the change that goes on.
    pub fn note(&self, id: u64, text: &str) {
        self.edit(id, |change| change.note(text));
    }

    /// The change is at `task`, and that far in it. Those before it are done.
    pub fn reach(&self, id: u64, task: TaskKind, work: Work) {
        self.edit(id, |change| change.reach(task, work));
    }

    /// The change is done, and this is what clients are told of it.
    pub fn finish(&self, id: u64, data: Value) {
        self.edit(id, |change| change.finish(data));
    }

    /// The change failed in the task that it had reached.
    pub fn fail(&self, id: u64, failure: &Failure) {
        self.edit(id, |change| change.fail(failure));
    }

    /// Removes a change that failed before it did anything: whoever asked is told at once.
    pub fn forget(&self, id: u64) {
        let mut all = self.lock();
        all.retain(|change| change.id != id);
        self.keep(&all);
    }

    /// One of them.
    pub fn get(&self, id: u64) -> Option<Change> {
        self.lock().iter().find(|change| change.id == id).cloned()
    }

    /// All, the oldest first.
    pub fn list(&self) -> Vec<Change> {
        self.lock().iter().cloned().collect()
    }

    /// Waits until the change is as `wanted`, at most so long, and returns it as it is then.
    pub fn wait_until(
        &self,
        id: u64,
        at_most: Duration,
        wanted: impl Fn(&Change) -> bool,
    ) -> Option<Change> {
        let is_not_yet = |all: &mut VecDeque<Change>| {
            let change = all.iter().find(|change| change.id == id);
            change.is_some_and(|change| !wanted(change))
        };
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), at_most, is_not_yet);
        let (all, _) = waited.unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|change| change.id == id).cloned()
    }

    fn edit(&self, id: u64, act: impl FnOnce(&mut Change)) {
        let mut all = self.lock();
        let Some(change) = all.iter_mut().find(|change| change.id == id) else {
            return;
        };
        let before = (change.statuses(), change.is_ready());
        act(change);
        if (change.statuses(), change.is_ready()) != before {
            self.keep(&all);
        }
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A full `/run` is no reason to stop an update.
    fn keep(&self, all: &VecDeque<Change>) {
        if let Err(error) = file::write(&self.file, all) {
            eprintln!("snappyd: cannot keep {}: {error}", self.file.display());
        }
    }
}

fn in_the_way(all: &VecDeque<Change>, part: &str, kind: ChangeKind) -> Option<Conflict> {
    let of_part = |change: &&Change| !change.is_ready() && change.part == part;
    let mut unended = all.iter().filter(of_part);
    let found = unended.find(|change| change.kind.excludes(kind))?;
    Some(Conflict {
        id: found.id,
        kind: found.kind,
        part: found.part.clone(),
    })
}

#[cfg(test)]
mod tests;
