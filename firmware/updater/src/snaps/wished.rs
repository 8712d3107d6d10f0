//! What becomes of a wish for a snap when something is done with it.

use super::{SnapAct, SnapDesk};

/// Whether there was more to do than to forget a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// That was all: the snap is not here.
    WasAll,
    /// The act itself is to be done.
    Besides,
}

impl SnapDesk {
    /// Whoever removes a snap does not want it any more, and whoever does something else with
    /// one that was given up takes care of it.
    pub(super) fn settle_wish(&self, act: &SnapAct) -> Settled {
        let name = act.name();
        let settled = match act {
            SnapAct::Remove(..) => self.wishes.remove(name),
            _ => self.wishes.leave(name).map(|()| false),
        };
        let was_wanted = settled.unwrap_or_else(|error| {
            eprintln!("cannot forget that snap {name} is wanted: {error}");
            false
        });
        let state = self.state();
        let is_here = state.snap(name).is_some_and(|snap| snap.current.is_some());
        match was_wanted && !is_here {
            true => Settled::WasAll,
            false => Settled::Besides,
        }
    }
}
