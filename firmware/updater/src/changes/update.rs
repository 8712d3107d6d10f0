//! An update of the system as a change: what the engine tells becomes tasks.

use super::{ChangeKind, Changes, Conflict, TaskKind, Work};
use crate::device::{Device, Failure, FailureKind, Staged, Step, UpdateAsked};
use crate::part::PART;
use serde_json::json;
use std::sync::Arc;
use std::thread;

const TASKS: [(TaskKind, &str); 4] = [
    (TaskKind::Check, "Ask the store for the current release"),
    (TaskKind::Write, "Fetch the release into the other slot"),
    (TaskKind::Verify, "Read back what was written"),
    (TaskKind::Arm, "Have the next boot try the release"),
];

/// Begins an update that somebody asked for, and returns the change's number.
///
/// # Errors
/// Another change of the slots is not over.
pub fn start_update(
    changes: &Arc<Changes>,
    device: &Arc<dyn Device>,
    asked: UpdateAsked,
) -> Result<u64, Conflict> {
    let kind = ChangeKind::RefreshSnap;
    let id = changes.begin(kind, &format!("Refresh {PART:?} snap"), &TASKS)?;
    let (of_thread, device) = (Arc::clone(changes), Arc::clone(device));
    let work = move || follow(&of_thread, id, |progress| device.update(asked, progress));
    let begun = thread::Builder::new().name("update".to_owned()).spawn(work);
    if let Err(error) = begun {
        let message = format!("cannot start a thread: {error}; try again");
        changes.fail(id, &Failure::new(FailureKind::Busy, message));
    }
    Ok(id)
}

/// Does an unattended update, `work`, in the caller's thread, and has clients see it.
///
/// # Errors
/// As `work`'s. [`FailureKind::Busy`]: another change of the slots is not over.
pub fn record_update(
    changes: &Changes,
    work: impl FnOnce(&mut dyn FnMut(Step)) -> Result<Staged, Failure>,
) -> Result<Staged, Failure> {
    let kind = ChangeKind::AutoRefresh;
    let begun = changes.begin(kind, &format!("Auto-refresh {PART:?} snap"), &TASKS);
    let id = begun.map_err(|conflict| Failure::new(FailureKind::Busy, conflict))?;
    follow(changes, id, work)
}

fn follow(
    changes: &Changes,
    id: u64,
    work: impl FnOnce(&mut dyn FnMut(Step)) -> Result<Staged, Failure>,
) -> Result<Staged, Failure> {
    changes.reach(id, TaskKind::Check, Work::Unmeasured);
    let staged = work(&mut |step| match step {
        Step::Wait | Step::Refresh => changes.reach(id, TaskKind::Check, Work::Unmeasured),
        Step::Write(bytes) => changes.reach(id, TaskKind::Write, Work::Measured(bytes)),
        Step::ReadBack(bytes) => changes.reach(id, TaskKind::Verify, Work::Measured(bytes)),
    });
    match &staged {
        Ok(staged) => changes.finish(id, json!({ "snap-names": [PART], "staged": staged })),
        Err(failure) => changes.fail(id, failure),
    }
    staged
}
