//! Many corruptions, on all processors, and what they came to.

use crate::judge::{Outcome, Violation};
use crate::laboratory::Laboratory;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A violation and how to see it again.
#[derive(Clone, Debug)]
pub struct Found {
    /// Of the corruption.
    pub number: u64,
    /// What was done to the disk.
    pub story: String,
    /// What must not be.
    pub violation: Violation,
}

/// One corruption, in short.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// Which one.
    pub number: u64,
    /// Of the corruption.
    pub kind: &'static str,
    /// What the loader did.
    pub outcome: Outcome,
    /// The kernel will refuse a block of the root that was started.
    pub has_damaged_root: bool,
    /// A machine that was never started before can tell the same.
    is_first_boot: bool,
}

/// What all came to, by number.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All of them.
    pub judged: Vec<Judged>,
    /// Those that broke a promise.
    pub violations: Vec<Found>,
}

impl Tally {
    /// How many ended in that way.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> usize {
        let judged = self.judged.iter();
        judged.filter(|judged| judged.outcome == outcome).count()
    }

    /// By kind: how many ended in which way.
    #[must_use]
    pub fn kinds(&self) -> BTreeMap<&'static str, BTreeMap<Outcome, usize>> {
        let mut kinds: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for judged in &self.judged {
            let outcomes = kinds.entry(judged.kind).or_default();
            *outcomes.entry(judged.outcome).or_default() += 1;
        }
        kinds
    }

    /// In how many the kernel will refuse a block of the root that was started.
    #[must_use]
    pub fn damaged_roots(&self) -> usize {
        let judged = self.judged.iter();
        judged.filter(|judged| judged.has_damaged_root).count()
    }

    /// `count` of those that a virtual machine without a past can repeat: of each kind with
    /// each end one, then a second, and so on.
    #[must_use]
    pub fn sample(&self, count: usize) -> Vec<u64> {
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        let mut turns: Vec<_> = self
            .judged
            .iter()
            .filter(|judged| judged.is_first_boot)
            .map(|judged| {
                let group = (judged.kind, judged.outcome, judged.has_damaged_root);
                let turn = seen.entry(group).or_default();
                *turn += 1;
                (*turn, judged.number)
            })
            .collect();
        turns.sort_unstable();
        turns
            .into_iter()
            .take(count)
            .map(|(_, number)| number)
            .collect()
    }
}

/// Makes and judges all of `numbers`.
#[must_use]
pub fn judge_all(laboratory: &Laboratory, seed: u64, numbers: Range<u64>) -> Tally {
    let next = AtomicU64::new(numbers.start);
    let sum = Mutex::new(Tally::default());
    let work = || {
        let mut tally = Tally::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                break;
            }
            judge_one(laboratory, seed, number, &mut tally);
        }
        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.judged.extend(tally.judged);
        sum.violations.extend(tally.violations);
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(work);
        }
    });
    let mut tally = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.judged.sort_by_key(|judged| judged.number);
    tally.violations.sort_by_key(|found| found.number);
    tally
}

fn judge_one(laboratory: &Laboratory, seed: u64, number: u64, tally: &mut Tally) {
    let corruption = laboratory.corruption(seed, number);
    let verdict = laboratory.judge(&corruption);
    tally.judged.push(Judged {
        number,
        kind: corruption.kind,
        outcome: verdict.outcome,
        has_damaged_root: verdict.root_blocks > 0,
        is_first_boot: !corruption.has_variable,
    });
    if let Some(violation) = verdict.violation {
        tally.violations.push(Found {
            number,
            story: corruption.story,
            violation,
        });
    }
}
