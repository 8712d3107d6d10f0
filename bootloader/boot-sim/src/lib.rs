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

mod acts;
mod course;
mod cut;
mod device;
mod disk;
mod effort;
mod explore;
mod forecast;
mod image;
mod invariant;
mod layouts;
mod observation;
mod recall;
mod sectors;
mod sequences;
mod system;
mod table;
mod tally;
mod verdicts;
mod world;

pub use effort::{Effort, Patience};
pub use invariant::Invariant;
pub use table::{DOCUMENTS, Stale, with_tables};
pub use tally::{Tally, Violation};

use explore::Explorer;
use sequences::{Plan, plans};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::available_parallelism;

/// One violation is to be followed again.
#[derive(Clone, Debug, Default)]
pub struct Reproduction {
    /// Worlds whose names begin so.
    pub world: String,
    /// Moment and way of each cut; all cuts when there is none.
    pub path: Option<Vec<(usize, usize)>>,
}

/// Simulates every world that was asked for, on all processors, and tells of each in turn.
pub fn simulate(
    effort: Effort,
    patience: Patience,
    what: &Reproduction,
    mut tell: impl FnMut(&str, &Tally),
) {
    // Whoever waits for the first violation gets it sooner from a glance at every world.
    if patience == Patience::FirstViolation {
        let glance = effort.glance();
        if simulate_worlds(glance, patience, what, &mut tell).is_break() {
            return;
        }
    }
    let _ended = simulate_worlds(effort, patience, what, &mut tell);
}

/// Breaks off where the patience ends.
fn simulate_worlds(
    effort: Effort,
    patience: Patience,
    what: &Reproduction,
    tell: &mut impl FnMut(&str, &Tally),
) -> ControlFlow<()> {
    let wanted = |plan: &Plan| plan.name().starts_with(&what.world);
    let plans: Vec<_> = plans(effort.devices).filter(wanted).collect();
    let next = AtomicUsize::new(0);
    let work = |done: Sender<(usize, String, Tally)>| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(plan) = plans.get(number) else { break };
            let world = plan.world();
            let tally = Explorer::new(&world, effort, patience, what.path.clone()).explore();
            if done.send((number, world.name, tally)).is_err() {
                break;
            }
        }
    };
    std::thread::scope(|scope| {
        let (done, results) = channel();
        for _ in 0..available_parallelism().map_or(1, NonZero::get) {
            let done = done.clone();
            scope.spawn(|| work(done));
        }
        drop(done);
        let mut early = BTreeMap::new();
        for number in 0..plans.len() {
            let (name, tally) = loop {
                if let Some(result) = early.remove(&number) {
                    break result;
                }
                // A worker that panicked ends the simulation when the scope ends.
                let Ok((of, name, tally)) = results.recv() else {
                    return ControlFlow::Break(());
                };
                early.insert(of, (name, tally));
            };
            tell(&name, &tally);
            if patience.ends_with(&tally) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })
}
