//! The tasks of a change, one after the other, each begun and ended in the state file.

use crate::change::{Change, Direction, TaskKind, TaskStatus};
use crate::error::StoreError;
use crate::fault::Fault;
use crate::source::Cost;
use crate::start::Snaps;
use crate::state::State;
use crate::state_file;
use snap_format::SnapName;

/// Whoever wants to know how far a change is.
pub trait Watch {
    /// The change is there, or a task of it moved on.
    fn moved(&mut self, change: &Change);

    /// The task that goes on is so far.
    fn bytes(&mut self, done: u64, total: u64);

    /// The file of a snap came, and cost that.
    fn fetched(&mut self, _snap: &SnapName, _cost: &Cost) {}
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Watch for Silent {
    fn moved(&mut self, _: &Change) {}

    fn bytes(&mut self, _: u64, _: u64) {}
}

/// A change that came to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// As it was in the end.
    pub change: Change,
    /// What was left behind, if something was: files that nobody needs.
    pub left_behind: Option<String>,
}

impl Snaps<'_> {
    /// Begins a change and brings it to its end.
    pub(crate) fn begin(
        &mut self,
        change: Change,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        let mut next = self.state.clone();
        next.change = Some(change);
        if let Err(error) = state_file::write(self.files, &self.places, &next) {
            // It may be there all the same; nothing was done for it.
            let _ = state_file::write(self.files, &self.places, &self.state);
            return Err(error);
        }
        self.state = next;
        self.run(watch)
    }

    /// Does or undoes what is left of the change.
    pub(crate) fn run(&mut self, watch: &mut dyn Watch) -> Result<Outcome, StoreError> {
        let mut left_behind = None;
        loop {
            let Some(change) = self.state.change.clone() else {
                return Err(StoreError::Unfinished("there is no change".to_owned()));
            };
            watch.moved(&change);
            let Some(at) = change.next() else {
                return self.end(change, left_behind);
            };
            match &change.direction {
                Direction::Forward => {
                    if let Err(error) = self.advance(&change, at, watch) {
                        if change.is_decided() {
                            // Too late to go back, and nothing that anybody needs.
                            left_behind = Some(error.to_string());
                            self.set_status(at, TaskStatus::Done);
                            self.save()
                                .map_err(|error| StoreError::Unfinished(error.to_string()))?;
                        } else {
                            self.turn_back(at, &error)?;
                        }
                    }
                }
                Direction::Back(_) => {
                    self.retreat(&change, at)
                        .map_err(|error| StoreError::Unfinished(error.to_string()))?;
                }
            }
        }
    }

    fn advance(
        &mut self,
        change: &Change,
        at: usize,
        watch: &mut dyn Watch,
    ) -> Result<(), StoreError> {
        let Some(task) = change.tasks.get(at) else {
            return Ok(());
        };
        if task.status != TaskStatus::Doing {
            self.set_status(at, TaskStatus::Doing);
            self.save()?;
            if let Some(change) = &self.state.change {
                watch.moved(change);
            }
        }
        let mut next = self.state.clone();
        self.do_task(task.kind, change, &mut next, watch)?;
        set_status(&mut next, at, TaskStatus::Done);
        state_file::write(self.files, &self.places, &next)?;
        self.state = next;
        Ok(())
    }

    fn retreat(&mut self, change: &Change, at: usize) -> Result<(), StoreError> {
        let Some(task) = change.tasks.get(at) else {
            return Ok(());
        };
        let mut next = self.state.clone();
        self.undo_task(task.kind, change, &mut next)?;
        set_status(&mut next, at, TaskStatus::Undone);
        state_file::write(self.files, &self.places, &next)?;
        self.state = next;
        Ok(())
    }

    /// From here on everything is undone, the task that failed first.
    fn turn_back(&mut self, at: usize, error: &StoreError) -> Result<(), StoreError> {
        let mut next = self.state.clone();
        set_status(&mut next, at, TaskStatus::Failed);
        let task = next.change.as_ref().and_then(|change| change.tasks.get(at));
        let fault = task.map_or(Fault::Other, |task| Fault::of(task.kind, error));
        next.turn_back(error.to_string(), fault);
        state_file::write(self.files, &self.places, &next)
            .map_err(|error| StoreError::Unfinished(error.to_string()))?;
        self.state = next;
        Ok(())
    }

    fn end(&mut self, change: Change, left_behind: Option<String>) -> Result<Outcome, StoreError> {
        let mut next = self.state.clone();
        next.change = None;
        state_file::write(self.files, &self.places, &next)
            .map_err(|error| StoreError::Unfinished(error.to_string()))?;
        self.state = next;
        match &change.direction {
            Direction::Forward => Ok(Outcome {
                change,
                left_behind,
            }),
            Direction::Back(reason) => Err(StoreError::Undone(reason.clone())),
        }
    }

    fn save(&self) -> Result<(), StoreError> {
        state_file::write(self.files, &self.places, &self.state)
    }

    fn set_status(&mut self, at: usize, status: TaskStatus) {
        set_status(&mut self.state, at, status);
    }
}

fn set_status(state: &mut State, at: usize, status: TaskStatus) {
    let change = state.change.as_mut();
    if let Some(task) = change.and_then(|change| change.tasks.get_mut(at)) {
        task.status = status;
    }
}

impl TaskKind {
    /// For people.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Fetch => "Fetch the snap",
            Self::Seal => "Verify the snap and name its blocks",
            Self::Mount => "Mount the snap",
            Self::Replace => "Put the snap in the place of the damaged one",
            Self::PreRefresh => "Run the hook pre-refresh of the old revision",
            Self::StopDependants => "Stop the snaps that need it",
            Self::Stop => "Stop the snap's services",
            Self::CopyData => "Copy the snap's data",
            Self::Link => "Have the revision count",
            Self::InstallHook => "Run the hook install",
            Self::PostRefresh => "Run the hook post-refresh",
            Self::Start => "Start the snap's services",
            Self::SetConfiguration => "Keep the snap's new configuration",
            Self::Configure => "Run the hook configure",
            Self::CheckHealth => "Ask the snap whether it works",
            Self::StartDependants => "Start the snaps that need it",
            Self::RemoveHook => "Run the hook remove",
            Self::Unlink => "Have no revision count",
            Self::Retire => "Take out what is not needed any more",
            Self::Clean => "Remove what is not needed any more",
            Self::Unknown => "A task of another release of the system",
        }
    }
}
