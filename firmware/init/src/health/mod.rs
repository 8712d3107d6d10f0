//! The health gate: what has to work before a system may confirm itself, within a window.
//!
//! | check | passes when |
//! |---|---|
//! | `root` | the programs that nobody can do without read to their ends |
//! | `writable` | a file can be written and read back |
//! | `shell` | a shell runs |
//! | `services` | every service of the image is up |
//! | `network` | all of the network that worked under the confirmed system works |
//! | a hook's name | the program in `/usr/lib/twinkeel/health.d` ends with 0 |
//!
//! A check that cannot pass any more ends the gate at once; one that has not passed when
//! the window closes has failed. The gate only looks: what follows is its caller's to do.

mod instant;
pub(crate) mod network;
mod probe;

use crate::process::End;
use crate::service::Services;
use crate::writable::Writable;
use network::Baseline;
use probe::Probe;
use rustix::process::Pid;
use std::path::Path;
use std::time::{Duration, Instant};

/// Programs of the image that judge it.
const HOOKS: &str = "/usr/lib/twinkeel/health.d";
/// How often the checks that only look are repeated.
const PAUSE: Duration = Duration::from_secs(1);

/// A check that failed, by its name in the flight record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedCheck {
    pub(crate) name: String,
    pub(crate) detail: String,
}

/// Where the gate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Some checks have not passed yet: look again then, or when a process has ended.
    Waiting(Instant),
    /// All have.
    Passed,
    /// These have failed.
    Failed(Vec<FailedCheck>),
}

/// An open gate.
pub(crate) struct Gate {
    checks: Vec<Check>,
    closes: Instant,
    window: Duration,
    settle: Duration,
}

struct Check {
    name: String,
    state: State,
}

enum State {
    Passed,
    Failed(String),
    /// A program that has not ended.
    Running(Probe),
    /// The services, and what was wrong with them last.
    Services(Vec<String>),
    /// The network, and what of it was missing last.
    Network(Baseline, Vec<String>),
}

impl Gate {
    /// Opens the gate: does the checks that are done at once, and starts the others.
    pub(crate) fn open(writable: &Writable, window: Duration, settle: Duration) -> Self {
        let mut checks = vec![
            Check::done("root", instant::root_reads()),
            Check::done("writable", instant::writable_writes(writable)),
            Check::program("shell", Path::new("/bin/sh"), &["-c", ":"]),
            Check::named("services", State::Services(Vec::new())),
            Check::named("network", State::Network(Baseline::read(), Vec::new())),
        ];
        checks.extend(hooks(Path::new(HOOKS)));
        Self {
            checks,
            closes: Instant::now() + window,
            window,
            settle,
        }
    }

    /// To be told of every process that ended.
    pub(crate) fn ended(&mut self, process: Pid, end: End) {
        for check in &mut self.checks {
            if let State::Running(probe) = &check.state
                && probe.is(process)
            {
                check.state = match probe.verdict(end) {
                    Ok(()) => State::Passed,
                    Err(detail) => State::Failed(detail),
                };
            }
        }
    }

    /// Looks at everything that may have changed.
    pub(crate) fn look(&mut self, services: &Services) -> Progress {
        let now = Instant::now();
        let settle = self.settle;
        for check in &mut self.checks {
            check.look(services.not_up(now, settle), network::now);
        }
        self.progress(now)
    }

    fn progress(&self, now: Instant) -> Progress {
        let failed: Vec<_> = self.checks.iter().filter_map(Check::failed).collect();
        if !failed.is_empty() {
            return Progress::Failed(failed);
        }
        let waiting: Vec<_> = self.checks.iter().filter_map(Check::waiting).collect();
        if waiting.is_empty() {
            return Progress::Passed;
        }
        if now < self.closes {
            return Progress::Waiting(self.closes.min(now + PAUSE));
        }
        let late = |(name, why): (&str, String)| FailedCheck {
            name: name.to_owned(),
            detail: format!(
                "{why}, {} s after the system came up",
                self.window.as_secs()
            ),
        };
        Progress::Failed(waiting.into_iter().map(late).collect())
    }
}

impl Check {
    fn named(name: &str, state: State) -> Self {
        Self {
            name: name.to_owned(),
            state,
        }
    }

    fn done(name: &str, verdict: anyhow::Result<()>) -> Self {
        let state = match verdict {
            Ok(()) => State::Passed,
            Err(error) => State::Failed(format!("{error:#}")),
        };
        Self::named(name, state)
    }

    fn program(name: &str, program: &Path, arguments: &[&str]) -> Self {
        let state = match Probe::start(name, program, arguments) {
            Ok(probe) => State::Running(probe),
            Err(error) => State::Failed(format!("{error:#}")),
        };
        Self::named(name, state)
    }

    fn look(&mut self, not_up: Vec<String>, network: impl FnOnce() -> Baseline) {
        let passed = match &mut self.state {
            State::Services(problems) => {
                *problems = not_up;
                problems.is_empty()
            }
            State::Network(baseline, lost) => {
                *lost = baseline.lost(&network());
                lost.is_empty()
            }
            State::Passed | State::Failed(_) | State::Running(_) => false,
        };
        if passed {
            self.state = State::Passed;
        }
    }

    fn failed(&self) -> Option<FailedCheck> {
        match &self.state {
            State::Failed(detail) => Some(FailedCheck {
                name: self.name.clone(),
                detail: detail.clone(),
            }),
            _ => None,
        }
    }

    /// The name of a check that has not passed yet, and what it waits for.
    fn waiting(&self) -> Option<(&str, String)> {
        let why = match &self.state {
            State::Passed | State::Failed(_) => return None,
            State::Running(_) => "it has not ended".to_owned(),
            State::Services(problems) => problems.join("; "),
            State::Network(_, lost) => lost.join("; "),
        };
        Some((&self.name, why))
    }
}

/// The programs of the directory, by their names.
fn hooks(directory: &Path) -> Vec<Check> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut programs: Vec<_> = entries.map(|entry| entry.path()).collect();
    programs.sort();
    let check = |program: &std::path::PathBuf| {
        let name = program.file_name()?.to_str()?;
        Some(Check::program(name, program, &[]))
    };
    programs.iter().filter_map(check).collect()
}

#[cfg(test)]
mod tests;
