//! An update of the system as a change: what the engine tells becomes tasks.

use super::{ChangeKind, Changes, Conflict, TaskKind, Work};
use crate::device::{Device, Failure, FailureKind, RebootAsked, Step, UpdateAsked};
use crate::part::PART;
use serde_json::json;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Whoever follows a change sees that it is done before the device goes down.
const NOTICE: Duration = Duration::from_secs(1);

pub(super) const TASKS: [(TaskKind, &str); 4] = [
    (TaskKind::Check, "Ask the store for the current release"),
    (TaskKind::Write, "Fetch the release into the other slot"),
    (TaskKind::Verify, "Read back what was written"),
    (TaskKind::Arm, "Have the next boot try the release"),
];

/// Begins an update that somebody asked for, and returns the change's number.
///
/// # Errors
/// Another change of the slots is not over.
pub(crate) fn start_update(
    changes: &Arc<Changes>,
    device: &Arc<dyn Device>,
    asked: UpdateAsked,
) -> Result<u64, Conflict> {
    let kind = ChangeKind::RefreshSnap;
    let id = changes.begin(kind, &format!("Refresh {PART:?} snap"), &TASKS)?;
    let (of_thread, device) = (Arc::clone(changes), Arc::clone(device));
    let work = move || update(&of_thread, id, &*device, asked);
    let begun = thread::Builder::new().name("update".to_owned()).spawn(work);
    if let Err(error) = begun {
        let message = format!("cannot start a thread: {error}; try again");
        changes.fail(id, &Failure::new(FailureKind::Busy, message));
    }
    Ok(id)
}

fn update(changes: &Changes, id: u64, device: &dyn Device, asked: UpdateAsked) {
    changes.reach(id, TaskKind::Check, Work::Unmeasured);
    // The reboot is asked for below, once the change is done.
    let staged = device.update(
        UpdateAsked {
            reboot: RebootAsked::Later,
            ..asked
        },
        &mut |step| match step {
            Step::Wait | Step::Refresh => changes.reach(id, TaskKind::Check, Work::Unmeasured),
            Step::Write(bytes) => changes.reach(id, TaskKind::Write, Work::Measured(bytes)),
            Step::ReadBack(bytes) => changes.reach(id, TaskKind::Verify, Work::Measured(bytes)),
        },
    );
    match staged {
        Ok(staged) => changes.finish(id, json!({ "snap-names": [PART], "staged": staged })),
        Err(failure) => return changes.fail(id, &failure),
    }
    if asked.reboot == RebootAsked::Now {
        thread::sleep(NOTICE);
        if let Err(failure) = device.reboot() {
            eprintln!("{failure}");
        }
    }
}
