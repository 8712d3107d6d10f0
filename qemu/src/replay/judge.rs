//! Holds every state of a log against what the device promises.
//!
//! Whatever is left of the disk, the loader starts an image whole; within an epoch it is what
//! the disk before the epoch starts, or what the disk after it starts. Nothing is written but
//! `boot-state`, `writable` and the slot of an update, and each write to `boot-state` is flushed before the next one.

use std::collections::HashMap;

use anyhow::{Context, Result};
use boot_core::SecondHome;
use boot_core::read_layout;
use boot_core::state_store::StateStore;
use image_format::{BootState, Digest, Floors, Slot};

use super::account::Account;
use super::loader::{Loader, Verdict};
use super::problem::{Problem, Told};
use super::replayed_disk::ReplayedDisk;
use super::state::{State, epochs};
use super::write_log::Request;

/// Judges all states that a loss of power may leave of `log`, which was written to `before`.
/// An update may write to the slot `updated`.
///
/// # Errors
/// The image cannot be read.
pub fn judge(
    loader: &Loader,
    before: ReplayedDisk,
    log: &[Request<'_>],
    updated: Option<Slot>,
) -> Result<Account> {
    let epochs = epochs(log);
    let cannot = "cannot read the image";
    let mut after = before.clone();
    for epoch in &epochs {
        after = epoch.whole(&after).context(cannot)?;
    }
    let mut judge = Judge {
        loader,
        second_homes: second_homes(&after),
        verdicts: HashMap::new(),
        account: Account::of(log, before.places(), updated),
    };
    judge.account.boots = boot_number(&after).saturating_sub(boot_number(&before));
    let mut disk = before;
    let mut old = judge.first(&disk);
    for epoch in epochs {
        let states = epoch.states(&disk).context(cannot)?;
        old = judge.epoch(&states, &old);
        disk = epoch.whole(&disk).context(cannot)?;
    }
    Ok(judge.account)
}

struct Judge<'a> {
    loader: &'a Loader,
    second_homes: [SecondHome; 3],
    /// By the content outside of `writable`: the loader has nothing else to go by.
    verdicts: HashMap<Digest, Verdict>,
    account: Account,
}

impl Judge<'_> {
    /// The disk before all writes.
    fn first(&mut self, disk: &ReplayedDisk) -> Verdict {
        let verdict = self.loader.judge(disk, &self.second_homes);
        self.verdicts.insert(disk.digest(), verdict.clone());
        self.account.count(&verdict);
        self.account.at_rest(&verdict);
        verdict
    }

    /// `old` is the verdict at the flush before; returns that at the next one.
    fn epoch(&mut self, states: &[State], old: &Verdict) -> Verdict {
        let verdicts: Vec<_> = states.iter().map(|state| self.state(state)).collect();
        let new = verdicts.last().unwrap_or(old);
        for (state, verdict) in states.iter().zip(&verdicts) {
            if verdict.source().is_some() && verdict != old && verdict != new {
                self.account.tell(Problem::NeitherOldNorNew {
                    state: Told::of(state),
                    old: old.clone(),
                    new: new.clone(),
                    found: verdict.clone(),
                });
            }
        }
        self.account.at_rest(new);
        new.clone()
    }

    fn state(&mut self, state: &State) -> Verdict {
        let digest = state.disk.digest();
        let known = self.verdicts.get(&digest).cloned();
        let verdict = known.unwrap_or_else(|| {
            let verdict = self.loader.judge(&state.disk, &self.second_homes);
            self.verdicts.insert(digest, verdict.clone());
            self.account
                .distinct
                .push((Told::of(state), verdict.clone()));
            verdict
        });
        self.account.count(&verdict);
        if verdict.source().is_none() {
            self.account.tell(Problem::Unbootable {
                state: Told::of(state),
                verdict: verdict.clone(),
            });
        }
        verdict
    }
}

/// What the firmware may keep: nothing, as on a board without a variable; nothing yet; and the
/// highest that the variable ever came to. It follows the boot state, so that is what the
/// state holds in the end.
fn second_homes(after: &ReplayedDisk) -> [SecondHome; 3] {
    let floors = read_state(after).map_or(Floors::default(), |state| state.floors);
    [
        SecondHome::None,
        SecondHome::Absent,
        SecondHome::Record(floors.encode()),
    ]
}

fn boot_number(disk: &ReplayedDisk) -> u64 {
    read_state(disk).map_or(0, |state| state.boot_number.0)
}

fn read_state(disk: &ReplayedDisk) -> Option<BootState> {
    let mut disk = disk.clone();
    let layout = read_layout(&mut disk).ok()?;
    StateStore::open(&mut disk, &layout)?.state().cloned()
}

#[cfg(test)]
mod tests;
