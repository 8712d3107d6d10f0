use super::*;
use crate::device::{Bytes, FailureKind};
use serde_json::json;
use std::sync::Arc;
use std::thread;

const TASKS: [(TaskKind, &str); 3] = [
    (TaskKind::Check, "Check"),
    (TaskKind::Write, "Write"),
    (TaskKind::Arm, "Arm"),
];
const LONG: Duration = Duration::from_secs(60);

fn measured(done: u64) -> Work {
    Work::Measured(Bytes { done, total: 100 })
}

fn broken() -> Failure {
    Failure::new(
        FailureKind::Network,
        "cannot fetch: no route; check the network",
    )
}

struct Kept {
    directory: tempfile::TempDir,
    changes: Changes,
}

impl Kept {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let changes = Changes::open(directory.path().join("changes.json"));
        Self { directory, changes }
    }

    fn begin(&self, kind: ChangeKind) -> Result<u64, Conflict> {
        self.changes.begin(kind, "Refresh", &TASKS)
    }

    /// As a daemon that starts again finds them.
    fn again(&self) -> Changes {
        Changes::open(self.directory.path().join("changes.json"))
    }

    fn statuses(&self, id: u64) -> Vec<&'static str> {
        let change = self.changes.get(id).unwrap();
        change.tasks.iter().map(|task| task.status.name()).collect()
    }
}

#[test]
fn tasks_are_done_one_after_the_other() {
    let kept = Kept::new();
    let id = kept.begin(ChangeKind::RefreshSnap).unwrap();
    let status = || kept.changes.get(id).unwrap().status();
    assert_eq!(
        (kept.statuses(id), status()),
        (vec!["Do", "Do", "Do"], Status::Do)
    );
    kept.changes.reach(id, TaskKind::Check, Work::Unmeasured);
    assert_eq!(kept.statuses(id), ["Doing", "Do", "Do"]);
    kept.changes.reach(id, TaskKind::Write, measured(30));
    assert_eq!(
        (kept.statuses(id), status()),
        (vec!["Done", "Doing", "Do"], Status::Doing)
    );
    let write = &kept.changes.get(id).unwrap().tasks[1];
    assert_eq!((write.done, write.total), (30, 100));
    // What is over stays over.
    kept.changes.reach(id, TaskKind::Check, Work::Unmeasured);
    assert_eq!(kept.statuses(id), ["Done", "Doing", "Do"]);
    kept.changes.finish(id, json!({ "snap-names": ["system"] }));
    assert_eq!(
        (kept.statuses(id), status()),
        (vec!["Done"; 3], Status::Done)
    );
    let change = kept.changes.get(id).unwrap();
    assert_eq!(change.tasks[1].done, 100);
    assert_eq!((change.is_ready(), change.error()), (true, None));
}

#[test]
fn a_failure_is_told_by_its_task_and_holds_those_behind_it() {
    let kept = Kept::new();
    let id = kept.begin(ChangeKind::RefreshSnap).unwrap();
    kept.changes.reach(id, TaskKind::Write, measured(30));
    kept.changes.fail(id, &broken());
    assert_eq!(kept.statuses(id), ["Done", "Error", "Hold"]);
    let change = kept.changes.get(id).unwrap();
    assert_eq!(change.status(), Status::Error);
    assert!(!change.failed_at_once());
    assert_eq!(
        change.error().unwrap(),
        "cannot perform the following tasks:\n\
         - Write (cannot fetch: no route; check the network)"
    );
    assert!(change.tasks[1].log[0].ends_with("ERROR cannot fetch: no route; check the network"));
    assert_eq!(change.tasks[1].done, 30);
}

#[test]
fn two_changes_of_the_slots_exclude_each_other_and_settings_nothing() {
    let kept = Kept::new();
    let id = kept.begin(ChangeKind::AutoRefresh).unwrap();
    for kind in [
        ChangeKind::RefreshSnap,
        ChangeKind::AutoRefresh,
        ChangeKind::RevertSnap,
    ] {
        let conflict = kept.begin(kind).unwrap_err();
        assert_eq!((conflict.id, conflict.kind), (id, ChangeKind::AutoRefresh));
    }
    for kind in [
        ChangeKind::ConfigureSnap,
        ChangeKind::HoldSnap,
        ChangeKind::UnholdSnap,
    ] {
        kept.begin(kind).unwrap();
    }
    kept.changes.fail(id, &broken());
    kept.begin(ChangeKind::RefreshSnap).unwrap();
}

#[test]
fn only_the_newest_are_remembered_and_what_goes_on_is_not_forgotten() {
    let kept = Kept::new();
    let long = kept.begin(ChangeKind::RefreshSnap).unwrap();
    for _ in 0..KEPT + 5 {
        let id = kept.begin(ChangeKind::ConfigureSnap).unwrap();
        kept.changes.finish(id, json!({}));
    }
    kept.begin(ChangeKind::ConfigureSnap).unwrap();
    let ids: Vec<u64> = kept.changes.list().iter().map(|change| change.id).collect();
    let newest = u64::try_from(KEPT).unwrap() + 7;
    assert_eq!(ids.len(), KEPT + 2);
    assert_eq!((ids[0], ids.last().copied()), (long, Some(newest)));
    assert_eq!(ids[1], newest - u64::try_from(KEPT).unwrap());
}

#[test]
fn a_daemon_that_starts_again_knows_them_and_what_was_in_progress_failed() {
    let kept = Kept::new();
    let done = kept.begin(ChangeKind::RevertSnap).unwrap();
    kept.changes.finish(done, json!({}));
    let half = kept.begin(ChangeKind::RefreshSnap).unwrap();
    kept.changes.reach(half, TaskKind::Write, measured(30));
    let before = kept.changes.get(done);
    let again = kept.again();
    assert_eq!(again.get(done), before);
    let change = again.get(half).unwrap();
    assert_eq!(change.status(), Status::Error);
    assert!(
        change
            .error()
            .unwrap()
            .contains("snappyd ended meanwhile; ask again")
    );
    // Numbers go on.
    assert_eq!(
        again.begin(ChangeKind::RefreshSnap, "Refresh", &TASKS),
        Ok(half + 1)
    );
}

#[test]
fn a_file_that_is_damaged_tells_of_none() {
    let kept = Kept::new();
    kept.begin(ChangeKind::RefreshSnap).unwrap();
    let path = kept.directory.path().join("changes.json");
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(kept.again().list().len(), 1);
    for damaged in [&whole[..whole.len() / 2], b"", b"{}", b"\xff"] {
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(kept.again().list(), []);
    }
}

#[test]
fn whoever_waits_is_told_when_it_is_so() {
    let kept = Arc::new(Kept::new());
    let id = kept.begin(ChangeKind::RefreshSnap).unwrap();
    let other = Arc::clone(&kept);
    let waiting = thread::spawn(move || {
        let beyond = |change: &Change| change.is_beyond(TaskKind::Check);
        other.changes.wait_until(id, LONG, beyond)
    });
    kept.changes.reach(id, TaskKind::Check, Work::Unmeasured);
    kept.changes.reach(id, TaskKind::Write, measured(1));
    let change = waiting.join().unwrap().unwrap();
    assert_eq!(change.tasks[0].status, Status::Done);
    // And who waits for something that does not come, gets it as it is.
    let never = kept
        .changes
        .wait_until(id, Duration::from_millis(1), Change::is_ready);
    assert!(!never.unwrap().is_ready());
    assert_eq!(kept.changes.wait_until(99, LONG, Change::is_ready), None);
}
