//! The tests that need no machine: everything that cargo finds in the default members, and
//! some of it once more on other processors.
//!
//! Run before the scenarios by `cargo xtask qemu-test`, with nextest where it is
//! installed, otherwise with `cargo test`. The output is shown as it comes and counted.

pub(crate) mod foreign;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// How many tests ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Tally {
    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// Runs all host tests of the workspace at `root`.
pub(crate) fn run(root: &Path) -> Result<Tally> {
    Ok(run_native(root)?.plus(foreign::run(root)?))
}

fn run_native(root: &Path) -> Result<Tally> {
    if !has_nextest() {
        return run_cargo(root, &["test", "--no-fail-fast"]);
    }
    let tests = run_cargo(root, &["nextest", "run", "--no-fail-fast"])?;
    // nextest does not run the examples of the documentation.
    let examples = run_cargo(root, &["test", "--doc", "--no-fail-fast"])?;
    Ok(tests.plus(examples))
}

fn has_nextest() -> bool {
    Command::new(cargo())
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn run_cargo(root: &Path, arguments: &[&str]) -> Result<Tally> {
    let mut tests = Command::new(cargo());
    tests.args(arguments).current_dir(root);
    count_output(tests)
}

/// Shows what `tests` says as it comes, and counts.
fn count_output(mut tests: Command) -> Result<Tally> {
    let mut tally = Tally::default();
    // One pipe for both: nextest talks on standard error, libtest on standard output.
    let (output, input) = std::io::pipe().context("cannot make a pipe")?;
    let mut process = tests
        .stdin(Stdio::null())
        .stdout(input.try_clone().context("cannot share a pipe")?)
        .stderr(input)
        .spawn()
        .context("cannot start cargo")?;
    // It keeps the pipe's other end open, behind which the output would never end.
    drop(tests);
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read the output of cargo")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally = tally.plus(count(&line));
    }
    let status = process.wait().context("cannot wait for cargo")?;
    if !status.success() && tally.failed == 0 {
        // What does not even build has failed, too.
        tally.failed = 1;
    }
    Ok(tally)
}

/// What a line of output says about the number of tests: the summary of nextest or
/// libtest, otherwise nothing.
fn count(line: &str) -> Tally {
    let numbers = if let Some((_, numbers)) = line.split_once(" run: ") {
        numbers
    } else if let Some(numbers) = line.strip_prefix("test result: ") {
        numbers
    } else {
        return Tally::default();
    };
    let mut tally = Tally::default();
    for part in numbers.split([',', ';', '.']) {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|word| word.parse::<usize>().ok()) else {
            continue;
        };
        match part.trim().split_once(' ').map_or("", |(_, what)| what) {
            "failed" | "timed out" | "exec failed" => tally.failed += number,
            "ignored" | "skipped" => tally.skipped += number,
            what if what.starts_with("passed") => tally.passed += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn the_output_of_a_process_has_an_end() -> Result<()> {
        let mut tests = Command::new("echo");
        tests.arg("test result: ok. 9 passed; 0 failed; 1 ignored; 0 measured");
        assert_eq!(count_output(tests)?, tally(9, 0, 1));
        Ok(())
    }

    #[test]
    fn summaries_of_both_runners_are_counted() {
        for (line, expected) in [
            (
                "     Summary [   0.1s] 9 tests run: 9 passed, 2 skipped",
                tally(9, 0, 2),
            ),
            (
                "     Summary [  12.0s] 12 tests run: 8 passed (1 slow), 3 failed, 1 timed out, 0 skipped",
                tally(8, 4, 0),
            ),
            (
                "test result: ok. 9 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s",
                tally(9, 0, 1),
            ),
            ("test setup::tests::a ... ok", tally(0, 0, 0)),
            ("running 9 tests", tally(0, 0, 0)),
        ] {
            assert_eq!(count(line), expected, "{line}");
        }
    }
}
