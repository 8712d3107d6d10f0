//! A change of a snap, as `snap-store` has it, in snapd's words.

use super::change::{Change, Status, Task, TaskKind};
use snap_store::{Direction, TaskStatus};
use tuf_client::UtcTime;

impl Change {
    /// The change is as far as `other` is.
    pub(super) fn follow(&mut self, other: &snap_store::Change) {
        let now = UtcTime::of_this_machine();
        // Who asks the store by itself has had that as the only task.
        if self.tasks.iter().all(|task| task.kind == TaskKind::Check) {
            let tasks = other.tasks.iter().map(|task| {
                let kind = TaskKind::Snap(task.kind);
                Task::new(kind, task.kind.summary(), self.spawned)
            });
            self.tasks = tasks.collect();
        }
        for (task, followed) in self.tasks.iter_mut().zip(&other.tasks) {
            let goes_back = matches!(other.direction, Direction::Back(_));
            let status = match (followed.status, goes_back) {
                (TaskStatus::Do, _) => Status::Do,
                (TaskStatus::Doing, false) => Status::Doing,
                (TaskStatus::Done, false) => Status::Done,
                (TaskStatus::Doing | TaskStatus::Done, true) => Status::Undo,
                (TaskStatus::Failed, _) => Status::Error,
                // The one that failed was undone, too, and is shown as the one that failed.
                (TaskStatus::Undone, _) if task.status == Status::Error => Status::Error,
                (TaskStatus::Undone, _) => Status::Undone,
            };
            if task.status == status {
                continue;
            }
            match status {
                Status::Done | Status::Error | Status::Undone => task.end(status, now),
                _ => task.status = status,
            }
        }
    }

    /// The task that goes on is so far.
    pub(super) fn follow_bytes(&mut self, done: u64, total: u64) {
        if let Some(task) = self.doing() {
            (task.done, task.total) = (done.min(total), total.max(1));
        }
    }

    /// A person should know that of the task that goes on.
    pub(super) fn note(&mut self, text: &str) {
        let now = UtcTime::of_this_machine();
        if let Some(task) = self.doing() {
            task.log.push(format!("{now} INFO {text}"));
        }
    }

    fn doing(&mut self) -> Option<&mut Task> {
        let mut tasks = self.tasks.iter_mut();
        tasks.find(|task| task.status == Status::Doing)
    }
}
