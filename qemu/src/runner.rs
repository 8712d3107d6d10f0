//! Runs scenarios, some machines at once, and keeps the account.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::bench::Bench;
use crate::command_line::Accelerator;
use crate::evidence::Evidence;
use crate::scenarios::Scenario;
use crate::world::World;

/// Each machine has some hundred megabytes of memory.
const MOST_AT_ONCE: usize = 8;

/// Machines that run at the same time: one more than there are processors. A device also
/// waits, for its firmware, its watchdog or its network.
#[must_use]
pub fn at_once() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors + 1).min(MOST_AT_ONCE)
}

/// A scenario to run, and where.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The board's disk and keys.
    pub world: &'a World,
    /// Which one.
    pub scenario: Scenario,
    /// How guest code is executed.
    pub accelerator: Accelerator,
}

/// What became of a job.
pub struct Outcome {
    /// The board that it ran on.
    pub board: String,
    /// Which scenario.
    pub scenario: Scenario,
    /// How long it took.
    pub duration: Duration,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// Where its transcripts are.
    pub directory: PathBuf,
}

/// Runs all of `jobs` and calls `report` after each; returns the outcomes in the order of
/// `jobs`.
pub fn run(jobs: &[Job<'_>], report: impl Fn(&Outcome) + Sync) -> Vec<Outcome> {
    in_turn(jobs, |job| {
        let outcome = run_one(*job);
        report(&outcome);
        outcome
    })
}

/// Does `work` on each of `items`, [`at_once`]; returns the results in their order.
pub(crate) fn in_turn<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(items.iter().enumerate());
    let results = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..at_once() {
            scope.spawn(|| {
                while let Some((index, item)) = next() {
                    let result = work(item);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn run_one(job: Job<'_>) -> Outcome {
    let Job {
        world,
        scenario,
        accelerator,
    } = job;
    let start = Instant::now();
    let failure = judge(|| -> Result<Evidence> {
        let bench = Bench::new(world, scenario.name, accelerator)?;
        (scenario.run)(&bench)
    });
    let directory = world.directory_of(scenario.name);
    let failure = failure
        .err()
        .map(|failure| failure + &qemu_messages(&directory));
    if failure.is_none() {
        remove_disks(&directory);
    }
    Outcome {
        board: world.board().id.clone(),
        scenario,
        duration: start.elapsed(),
        failure,
        directory,
    }
}

/// Only evidence passes; an error and a panic are failures alike.
pub(crate) fn judge<T>(run: impl FnOnce() -> Result<T>) -> Result<T, String> {
    let result = catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(anyhow!("the scenario panicked: {}", message(&*panic))));
    result.map_err(|error| format!("{error:#}"))
}

fn message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    panic
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| "no message".to_owned())
}

/// What QEMU itself had to say about a scenario's machines, for instance who ended it.
pub(crate) fn qemu_messages(directory: &Path) -> String {
    let mut messages = String::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with(".qemu.log") {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            messages.extend(text.lines().map(|line| format!("\n    {line}")));
        }
    }
    messages
}

/// Disks are large, and of a scenario that passed nobody needs them.
pub(crate) fn remove_disks(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "img") {
            // What cannot be removed now is removed by the next run.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_a_failure_with_all_of_its_causes() {
        let failure = judge::<()>(|| Err(anyhow!("the end").context("the start")));
        assert_eq!(failure, Err("the start: the end".to_owned()));
    }

    #[test]
    fn what_qemu_said_is_part_of_the_failure() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("1.qemu.log"), "no such disk\n").unwrap();
        fs::write(directory.path().join("1.console.log"), "not this\n").unwrap();
        assert_eq!(qemu_messages(directory.path()), "\n    no such disk");
    }

    #[test]
    fn a_panic_is_a_failure_and_does_not_take_the_run_along() {
        let failure = judge::<()>(|| panic!("out of {}", "bounds"));
        assert_eq!(
            failure,
            Err("the scenario panicked: out of bounds".to_owned())
        );
    }
}
