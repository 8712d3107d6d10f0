//! A change: what was asked, and the tasks that do it.

use crate::configuration::Configuration;
use crate::state::RevisionState;
use crate::text;
use serde::{Deserialize, Serialize};
use snap_format::{Grant, Revision, SnapName};
use std::collections::BTreeSet;

/// What is asked, in snapd's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A snap that was not there.
    Install,
    /// Another revision, with the data of the one before.
    Refresh,
    /// The revision before, with its data.
    Revert,
    /// The snap goes, its data stays.
    Remove,
    /// The snap and its data go.
    Purge,
    /// Another configuration of the same revision.
    Configure,
}

/// One step. Each is done and undone by a module of `acts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Bring the file here. Undone it stays, so that the next try goes on from there.
    Fetch,
    /// Hold the file against what is signed, and name its blocks.
    Seal,
    /// Mount it, and read what it says of itself.
    Mount,
    /// Put what came in the place of the same revision, which is damaged. Undone it stays.
    Replace,
    /// Run the old revision's hook.
    PreRefresh,
    /// Stop the snaps that need this one, the last to start first.
    StopDependants,
    /// Stop what runs.
    Stop,
    /// Give the new revision a copy of the data.
    CopyData,
    /// Have the revision count.
    Link,
    /// Run the hook of a first installation.
    InstallHook,
    /// Run the new revision's hook.
    PostRefresh,
    /// Start its services.
    Start,
    /// Keep the configuration that was asked for.
    SetConfiguration,
    /// Run the hook that applies the configuration.
    Configure,
    /// Ask it whether it works.
    CheckHealth,
    /// Start the snaps that need this one.
    StartDependants,
    /// Run the hook of what is to go.
    RemoveHook,
    /// Have no revision count.
    Unlink,
    /// Take out of the state what is to go. From here on nothing is undone.
    Retire,
    /// Remove the files and the data of what went.
    Clean,
    /// A newer release's task: nothing that this one could do or undo.
    #[serde(other)]
    Unknown,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// It has not begun.
    Do,
    /// It has begun.
    Doing,
    /// It is done.
    Done,
    /// It failed, and is to be undone.
    Failed,
    /// It is as if it had never been done.
    Undone,
}

/// A task of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What it does.
    pub kind: TaskKind,
    /// How far it is.
    pub status: TaskStatus,
}

/// Where a change is going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To its end.
    Forward,
    /// To where it began, because of that.
    Back(String),
}

/// Data of the revision that comes, from an earlier time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EarlierData {
    /// There is none.
    #[default]
    None,
    /// It is set aside, and comes back if the change is undone.
    SetAside,
}

/// A configuration, and the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reconfigured {
    pub(crate) from: Configuration,
    pub(crate) to: Configuration,
}

/// What was asked, and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What was asked.
    pub kind: ChangeKind,
    /// Of which snap.
    #[serde(with = "text::one")]
    pub snap: SnapName,
    /// The revision that comes; none when the snap goes, or is configured.
    #[serde(default)]
    pub new: Option<RevisionState>,
    /// The revision that counted before.
    #[serde(default, with = "text::optional")]
    pub old: Option<Revision>,
    /// Where its file comes from, as whoever fetches it understands it.
    #[serde(default)]
    pub address: Option<String>,
    /// The channel that the snap follows behind it, if not the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The snaps that need this one, in the order in which they start.
    #[serde(default, with = "text::many", skip_serializing_if = "Vec::is_empty")]
    pub dependants: Vec<SnapName>,
    /// What the administrator grants a snap that is installed.
    #[serde(
        default,
        with = "text::many",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub grants: BTreeSet<Grant>,
    /// What it was granted before.
    #[serde(
        default,
        with = "text::many",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub(crate) old_grants: BTreeSet<Grant>,
    /// In their order.
    pub tasks: Vec<Task>,
    /// Where it is going.
    pub direction: Direction,
    /// Revisions whose files are to go.
    #[serde(default, with = "text::many")]
    pub doomed: Vec<Revision>,
    /// Revisions whose data is to go.
    #[serde(default, with = "text::many")]
    pub doomed_data: Vec<Revision>,
    /// Whether the new revision has data from an earlier time.
    #[serde(default)]
    pub(crate) earlier_data: EarlierData,
    /// What a configuration changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) configuration: Option<Reconfigured>,
    /// How often the device, or the daemon, began while it was in progress.
    #[serde(default)]
    pub resumed: u32,
}

impl Change {
    /// The next task, and whether it is to be done or undone. `None`: it is over.
    pub(crate) fn next(&self) -> Option<usize> {
        match self.direction {
            Direction::Forward => {
                let open = |task: &Task| task.status != TaskStatus::Done;
                self.tasks.iter().position(open)
            }
            Direction::Back(_) => {
                let open =
                    |task: &Task| !matches!(task.status, TaskStatus::Do | TaskStatus::Undone);
                self.tasks.iter().rposition(open)
            }
        }
    }

    /// Whether it has come so far that it is not undone any more.
    pub(crate) fn is_decided(&self) -> bool {
        let retired = |task: &&Task| task.kind == TaskKind::Retire;
        let retire = self.tasks.iter().find(retired);
        retire.is_some_and(|task| task.status == TaskStatus::Done)
    }

    /// The revision whose services should run between two tasks.
    pub(crate) fn running(&self) -> Option<Revision> {
        match self.status(TaskKind::Stop) {
            Some(TaskStatus::Do | TaskStatus::Undone) => self.old,
            // Nothing of what counts is stopped or started.
            None if self.status(TaskKind::Start).is_none() => self.old,
            _ if self.has_started(TaskKind::Start) => self.new.as_ref().map(|new| new.revision),
            _ => None,
        }
    }

    /// Whether the snaps that need this one should run between two tasks.
    pub(crate) fn lets_dependants_run(&self) -> bool {
        match self.status(TaskKind::StopDependants) {
            None | Some(TaskStatus::Do | TaskStatus::Undone) => true,
            _ => self.has_started(TaskKind::StartDependants),
        }
    }

    fn has_started(&self, kind: TaskKind) -> bool {
        self.status(kind) == Some(TaskStatus::Done) && self.direction == Direction::Forward
    }

    fn status(&self, kind: TaskKind) -> Option<TaskStatus> {
        let mut tasks = self.tasks.iter();
        tasks.find(|task| task.kind == kind).map(|task| task.status)
    }

    /// Whether it brings a file here.
    pub(crate) fn brings_file(&self) -> bool {
        self.tasks.iter().any(|task| task.kind == TaskKind::Seal)
    }
}

impl TaskKind {
    /// A task that is for dependants, if there are some.
    pub(crate) fn if_any(self, dependants: &[SnapName]) -> Option<Self> {
        (!dependants.is_empty()).then_some(self)
    }
}

/// The tasks of a change, none of which has begun.
pub(crate) fn tasks(kinds: &[TaskKind]) -> Vec<Task> {
    let task = |kind: &TaskKind| Task {
        kind: *kind,
        status: TaskStatus::Do,
    };
    kinds.iter().map(task).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_a_newer_release_does_not_make_the_state_unreadable() {
        let task: Task = serde_json::from_str(r#"{"kind":"hypnotise","status":"done"}"#).unwrap();
        assert_eq!(task.kind, TaskKind::Unknown);
    }

    #[test]
    fn what_failed_is_undone_from_its_end() {
        let mut change = Change {
            kind: ChangeKind::Install,
            snap: "hello".parse().unwrap(),
            new: None,
            old: None,
            address: None,
            dependants: Vec::new(),
            grants: BTreeSet::new(),
            channel: None,
            old_grants: BTreeSet::new(),
            tasks: tasks(&[TaskKind::Seal, TaskKind::Mount, TaskKind::Retire]),
            direction: Direction::Forward,
            doomed: Vec::new(),
            doomed_data: Vec::new(),
            earlier_data: EarlierData::None,
            configuration: None,
            resumed: 0,
        };
        assert_eq!(change.next(), Some(0));
        change.tasks[0].status = TaskStatus::Done;
        change.tasks[1].status = TaskStatus::Doing;
        assert_eq!(change.next(), Some(1));
        change.direction = Direction::Back("why".into());
        assert_eq!(change.next(), Some(1));
        change.tasks[1].status = TaskStatus::Undone;
        assert_eq!(change.next(), Some(0));
        change.tasks[0].status = TaskStatus::Undone;
        assert_eq!(change.next(), None);
        assert!(!change.is_decided());
    }
}
