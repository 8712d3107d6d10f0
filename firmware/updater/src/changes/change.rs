//! One change and its tasks, and how they move. Pure but for the clock.

use crate::device::{Bytes, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tuf_client::UtcTime;

/// What is asked of a device, in snapd's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A release, because somebody asks.
    RefreshSnap,
    /// A release, unattended.
    AutoRefresh,
    /// The other slot.
    RevertSnap,
    /// Another channel for a snap.
    SwitchSnap,
    /// Settings.
    ConfigureSnap,
    /// No unattended update for a while.
    HoldSnap,
    /// Unattended updates again.
    UnholdSnap,
    /// A snap that was not there.
    InstallSnap,
    /// A snap goes.
    RemoveSnap,
    /// Services of a snap.
    ServiceControl,
}

impl ChangeKind {
    /// For people and programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RefreshSnap => "refresh-snap",
            Self::AutoRefresh => "auto-refresh",
            Self::RevertSnap => "revert-snap",
            Self::SwitchSnap => "switch-snap",
            Self::ConfigureSnap => "configure-snap",
            Self::HoldSnap => "hold-snap",
            Self::UnholdSnap => "unhold-snap",
            Self::InstallSnap => "install-snap",
            Self::RemoveSnap => "remove-snap",
            Self::ServiceControl => "service-control",
        }
    }

    /// Whether the two cannot be in progress together for one part. Settings exclude nothing:
    /// those of the system are changed in an instant, and a hold must not wait for the update
    /// that it is to prevent; those of a snap wait for what is done with snaps.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        self.is_exclusive() && other.is_exclusive()
    }

    fn is_exclusive(self) -> bool {
        match self {
            Self::RefreshSnap
            | Self::AutoRefresh
            | Self::RevertSnap
            | Self::SwitchSnap
            | Self::InstallSnap
            | Self::RemoveSnap
            | Self::ServiceControl => true,
            Self::ConfigureSnap | Self::HoldSnap | Self::UnholdSnap => false,
        }
    }
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Asks the store.
    Check,
    /// Fetches the release and writes it.
    Write,
    /// Reads it back.
    Verify,
    /// Has the loader start it.
    Arm,
    /// Changes settings.
    Configure,
    /// Has services be started with their snap.
    EnableServices,
    /// Has them not be.
    DisableServices,
    /// Starts services.
    StartServices,
    /// Stops them.
    StopServices,
    /// Has them read their settings again.
    ReloadServices,
    /// A task of a snap.
    #[serde(untagged)]
    Snap(snap_store::TaskKind),
}

/// How far a task or a change is, in snapd's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It has not begun.
    Do,
    /// It is going on.
    Doing,
    /// It is done.
    Done,
    /// It failed.
    Error,
    /// It was not begun, since one before it failed.
    Hold,
    /// It is done, and will be undone.
    Undo,
    /// It was undone, since one behind it failed.
    Undone,
}

impl Status {
    /// As snapd writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Do => "Do",
            Self::Doing => "Doing",
            Self::Done => "Done",
            Self::Error => "Error",
            Self::Hold => "Hold",
            Self::Undo => "Undo",
            Self::Undone => "Undone",
        }
    }
}

/// How much of a task can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// That it goes on.
    Unmeasured,
    /// So many bytes.
    Measured(Bytes),
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What it does.
    pub kind: TaskKind,
    /// The same for people.
    pub summary: String,
    /// How far it is.
    pub status: Status,
    /// Bytes, or 0 of 1 where none are counted.
    pub done: u64,
    /// Bytes in all, or 1 where none are counted.
    pub total: u64,
    /// What a person should know about it.
    pub log: Vec<String>,
    /// When the change was asked for.
    pub spawned: UtcTime,
    /// When it was over.
    pub ready: Option<UtcTime>,
}

impl Task {
    pub(super) fn new(kind: TaskKind, summary: &str, spawned: UtcTime) -> Self {
        Self {
            kind,
            summary: summary.to_owned(),
            status: Status::Do,
            done: 0,
            total: 1,
            log: Vec::new(),
            spawned,
            ready: None,
        }
    }

    pub(super) fn end(&mut self, status: Status, now: UtcTime) {
        self.status = status;
        self.ready = Some(now);
        if status == Status::Done {
            self.done = self.total;
        }
    }
}

/// What was asked, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Counts from 1 at every boot.
    pub id: u64,
    /// What was asked.
    pub kind: ChangeKind,
    /// Of which part: the system, or a snap.
    pub part: String,
    /// The same for people.
    pub summary: String,
    /// In their order.
    pub tasks: Vec<Task>,
    /// For programs: of what it was, what came of it, and why it failed.
    pub data: Value,
    /// Why it failed, if it did in this daemon's time.
    #[serde(skip)]
    pub failure: Option<Failure>,
    /// When it was asked.
    pub spawned: UtcTime,
    /// When it was over.
    pub ready: Option<UtcTime>,
}

impl Change {
    pub(super) fn new(
        id: u64,
        kind: ChangeKind,
        part: &str,
        summary: &str,
        tasks: &[(TaskKind, &str)],
    ) -> Self {
        let spawned = UtcTime::of_this_machine();
        let task = |(kind, summary): &(TaskKind, &str)| Task::new(*kind, summary, spawned);
        Self {
            id,
            kind,
            part: part.to_owned(),
            summary: summary.to_owned(),
            tasks: tasks.iter().map(task).collect(),
            data: json!({}),
            failure: None,
            spawned,
            ready: None,
        }
    }

    /// Whether it is over, well or not.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// How far all of it is.
    #[must_use]
    pub fn status(&self) -> Status {
        let any = |status| self.tasks.iter().any(|task| task.status == status);
        match () {
            // One that was refused before it had a task.
            () if any(Status::Error) || !self.data["failure"].is_null() => Status::Error,
            () if self.is_ready() => Status::Done,
            () if any(Status::Doing) || any(Status::Done) || any(Status::Undo) => Status::Doing,
            () => Status::Do,
        }
    }

    /// Whether it has got beyond that task, or is over.
    #[must_use]
    pub fn is_beyond(&self, task: TaskKind) -> bool {
        let ended = |status| matches!(status, Status::Done | Status::Error | Status::Hold);
        let mut of_kind = self.tasks.iter().filter(|found| found.kind == task);
        self.is_ready() || of_kind.all(|task| ended(task.status))
    }

    /// Whether its first task failed: nothing was changed then.
    #[must_use]
    pub fn failed_at_once(&self) -> bool {
        let first = self.tasks.first();
        first.is_some_and(|task| task.status == Status::Error)
    }

    /// What snapd's clients show when it failed.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        let reason = self.data["failure"]["message"].as_str().unwrap_or_default();
        let mut tasks = self.tasks.iter();
        match tasks.find(|task| task.status == Status::Error) {
            Some(failed) => Some(format!(
                "cannot perform the following tasks:\n- {} ({reason})",
                failed.summary
            )),
            None => (!reason.is_empty()).then(|| reason.to_owned()),
        }
    }

    pub(super) fn statuses(&self) -> Vec<Status> {
        self.tasks.iter().map(|task| task.status).collect()
    }

    pub(super) fn reach(&mut self, kind: TaskKind, work: Work) {
        let Some(at) = self.tasks.iter().position(|task| task.kind == kind) else {
            return;
        };
        let now = UtcTime::of_this_machine();
        let (before, behind) = self.tasks.split_at_mut(at);
        for task in before {
            if task.ready.is_none() {
                task.end(Status::Done, now);
            }
        }
        let Some(task) = behind.first_mut().filter(|task| task.ready.is_none()) else {
            return;
        };
        task.status = Status::Doing;
        if let Work::Measured(Bytes { done, total }) = work {
            (task.done, task.total) = (done.min(total), total);
        }
    }

    pub(super) fn finish(&mut self, data: Value) {
        let now = UtcTime::of_this_machine();
        for task in &mut self.tasks {
            if task.ready.is_none() {
                task.end(Status::Done, now);
            }
        }
        self.data = data;
        self.ready = Some(now);
    }

    pub(super) fn fail(&mut self, failure: &Failure) {
        let now = UtcTime::of_this_machine();
        let failed = |task: &Task| task.status == Status::Error;
        let failed = self.tasks.iter().position(failed);
        let failed = failed.or_else(|| self.tasks.iter().position(|task| task.ready.is_none()));
        if let Some(task) = failed.and_then(|at| self.tasks.get_mut(at)) {
            task.end(Status::Error, now);
            task.log.push(format!("{now} ERROR {}", failure.message));
        }
        for task in self.tasks.iter_mut().filter(|task| task.ready.is_none()) {
            task.end(Status::Hold, now);
        }
        self.failure = Some(failure.clone());
        self.data = json!({
            "failure": { "message": failure.message, "kind": failure.kind.snapd() }
        });
        self.ready = Some(now);
    }
}
