//! Whose fault it is that a change is undone: what the revision itself did wrong it does wrong
//! again, and the rest may be better at the next try. Pure.

use crate::change::TaskKind;
use crate::error::StoreError;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The revision's that comes.
    Revision,
    /// Anything else's: a line, a full disk, another snap.
    Other,
}

impl Fault {
    /// The task failed with that.
    pub(crate) fn of(task: TaskKind, error: &StoreError) -> Self {
        match error {
            StoreError::Snap(_)
            | StoreError::WrongName { .. }
            | StoreError::Architecture(_)
            | StoreError::Epoch(_)
            | StoreError::Type(_)
            | StoreError::Ragged(_) => Self::Revision,
            StoreError::Runtime(_) => Self::of_a_cut_in(task),
            _ => Self::Other,
        }
    }

    /// The device went down in the task, again and again.
    pub(crate) fn of_a_cut_in(task: TaskKind) -> Self {
        match task {
            TaskKind::PostRefresh
            | TaskKind::Start
            | TaskKind::Configure
            | TaskKind::CheckHealth
            | TaskKind::StartDependants => Self::Revision,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RuntimeError;
    use crate::source::SourceError;

    #[test]
    fn a_revision_is_blamed_for_what_it_does_and_is() {
        let no = || StoreError::Runtime(RuntimeError("no".to_owned()));
        let table = [
            (TaskKind::CheckHealth, no(), Fault::Revision),
            (TaskKind::Start, no(), Fault::Revision),
            // The old one's hook.
            (TaskKind::PreRefresh, no(), Fault::Other),
            (
                TaskKind::Mount,
                StoreError::Epoch("hello".parse().unwrap()),
                Fault::Revision,
            ),
            (
                TaskKind::Fetch,
                StoreError::Source(SourceError("no line".to_owned())),
                Fault::Other,
            ),
            (
                TaskKind::Seal,
                StoreError::NoSpace {
                    needed_bytes: 2,
                    free_bytes: 1,
                },
                Fault::Other,
            ),
        ];
        for (task, error, fault) in table {
            assert_eq!(Fault::of(task, &error), fault, "{task:?}: {error}");
        }
    }
}
