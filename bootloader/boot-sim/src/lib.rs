//! Simulates losses of power: the real loader (`boot_core::boot`) and the real acts of the
//! running system (`system_update`) over a disk in memory that loses its cache at every
//! moment and in every way, twice in a row.
//!
//! A sequence (`sequences`) is played once. Every write of it is a moment at which the
//! power may go away (`disk`), and each moment leaves one of many disks (`cut`). Every
//! disk that results is booted until it is at rest (`device`, `explore`), and held
//! against what the device promises (`invariant`).
//!
//! Host only. Nothing here decides what a device does.

#![forbid(unsafe_code)]

mod cut;
mod device;
mod disk;
mod explore;
mod image;
mod invariant;
mod observation;
mod sectors;
mod sequences;
mod world;

pub use explore::{Effort, Patience, Tally, Violation};
pub use invariant::Invariant;

use explore::Explorer;

/// One violation is to be followed again.
#[derive(Clone, Debug, Default)]
pub struct Reproduction {
    /// Worlds whose names begin so.
    pub world: String,
    /// Moment and way of each cut; all cuts when there is none.
    pub path: Option<Vec<(usize, usize)>>,
}

/// Simulates every world that was asked for, and tells of each.
pub fn simulate(
    effort: Effort,
    patience: Patience,
    what: &Reproduction,
    mut tell: impl FnMut(&str, &Tally),
) {
    let wanted = |plan: &sequences::Plan| plan.name().starts_with(&what.world);
    for plan in sequences::plans().filter(wanted) {
        let world = plan.world();
        let tally = Explorer::new(&world, effort, patience, what.path.clone()).explore();
        tell(&world.name, &tally);
        if patience.ends_with(&tally) {
            break;
        }
    }
}
