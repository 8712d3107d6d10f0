//! Ways that take turns.

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::Serialize;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What one way to do something costs: medians.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// What it is.
    pub name: &'static str,
    /// From its start to its end, in microseconds.
    pub wall_micros: u64,
    /// User and system time of it and of what it started, in microseconds.
    pub processor_micros: u64,
}

/// A way, and how to go it once.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'static str,
    /// Makes the command anew; what it needs first is not measured.
    pub(crate) command: Box<dyn FnMut() -> Result<Command> + 'a>,
}

/// Each way `rounds` times in turn, after one turn that does not count.
pub(crate) fn measure(mut subjects: Vec<Subject<'_>>, rounds: usize) -> Result<Vec<Way>> {
    let mut runs = vec![(Vec::new(), Vec::new()); subjects.len()];
    for round in 0..=rounds {
        for (subject, runs) in subjects.iter_mut().zip(&mut runs) {
            let (wall, processor) = run_once(subject)?;
            if round > 0 {
                runs.0.push(wall);
                runs.1.push(processor);
            }
        }
    }
    let ways = subjects
        .iter()
        .zip(runs)
        .map(|(subject, (wall, processor))| Way {
            name: subject.name,
            wall_micros: median(wall),
            processor_micros: median(processor),
        });
    Ok(ways.collect())
}

fn run_once(subject: &mut Subject<'_>) -> Result<(u64, u64)> {
    let mut command = (subject.command)()?;
    let before = processor_micros()?;
    let begun = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", subject.name))?;
    let wall = u64::try_from(begun.elapsed().as_micros())?;
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        subject.name,
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok((wall, processor_micros()?.saturating_sub(before)))
}

/// Of all children that have ended.
fn processor_micros() -> Result<u64> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let of = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    Ok(u64::try_from(
        of(usage.user_time()) + of(usage.system_time()),
    )?)
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(vec![9, 1, 5]), 5);
        assert_eq!(median(vec![7]), 7);
    }

    #[test]
    fn ways_take_turns_and_one_that_fails_is_named() {
        let order = std::cell::RefCell::new(Vec::new());
        let subject = |name, program: &'static str| Subject {
            name,
            command: Box::new({
                let order = &order;
                move || {
                    order.borrow_mut().push(name);
                    Ok(Command::new(program))
                }
            }),
        };
        let ways = measure(vec![subject("a", "true"), subject("b", "true")], 2).unwrap();
        assert!(ways.iter().all(|way| way.wall_micros > 0), "{ways:?}");
        assert_eq!(*order.borrow(), ["a", "b", "a", "b", "a", "b"]);
        let error = measure(vec![subject("broken", "false")], 1).unwrap_err();
        assert!(
            error.to_string().starts_with("broken ended with"),
            "{error}"
        );
    }
}
