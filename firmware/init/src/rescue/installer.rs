//! The program that looks for a release without a person: when it runs, and what its end
//! means. What it does is its own affair.

use crate::backoff::Backoff;
use crate::process::{self, End};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CONSOLE: &str = "/dev/console";
const PROGRAM: [&str; 3] = ["/usr/bin/snappy", "reinstall", "--unattended"];
/// Its exit code where neither image nor owner wants it.
const NOT_WANTED: i32 = 3;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A release is on trial from the next boot on.
    Installed,
    /// Nobody wants it.
    NotWanted,
    /// It is started again after a while.
    Failed,
}

impl From<End> for Outcome {
    fn from(end: End) -> Self {
        match end {
            End::Exit(0) => Self::Installed,
            End::Exit(NOT_WANTED) => Self::NotWanted,
            End::Exit(_) | End::Signal(_) => Self::Failed,
        }
    }
}

/// The program, and when to start it next.
pub(super) struct Installer {
    state: State,
    backoff: Backoff,
}

enum State {
    /// There is no disk to install to.
    Never,
    /// A person is there, or nobody wants it.
    Idle,
    Waiting {
        until: Instant,
    },
    Running {
        process: Pid,
        since: Instant,
    },
}

impl Installer {
    /// For a device whose disk is there.
    pub(super) fn new() -> Self {
        Self {
            state: State::Idle,
            backoff: Backoff::default(),
        }
    }

    /// For one without: it never runs.
    pub(super) fn without_disk() -> Self {
        Self {
            state: State::Never,
            backoff: Backoff::default(),
        }
    }

    /// Nobody is there: it is to run.
    pub(super) fn begin(&mut self) {
        if matches!(self.state, State::Idle) {
            self.state = State::Waiting {
                until: Instant::now(),
            };
        }
    }

    /// Somebody came, who has the console to himself. What writes a slot is left alone.
    pub(super) fn stop(&mut self) {
        match self.state {
            State::Running { .. } if system_update::BootDisk::is_being_staged() => {}
            State::Running { process, .. } => {
                // Its end finds nothing that it means.
                let _ = kill_process(process, Signal::TERM);
                self.state = State::Idle;
            }
            State::Idle | State::Waiting { .. } => self.state = State::Idle,
            State::Never => {}
        }
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Never | State::Idle | State::Running { .. } => None,
        }
    }

    /// Starts it if its time has come.
    pub(super) fn start_if_due(&mut self) {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        match start() {
            Ok(process) => {
                self.state = State::Running {
                    process,
                    since: now,
                };
            }
            Err(error) => {
                log::warn!("cannot run {}: {error}", PROGRAM.join(" "));
                self.wait(now, Duration::ZERO);
            }
        }
    }

    /// To be told of every process that ended; says what came of it if that was this one.
    pub(super) fn ended(&mut self, ended: Pid, end: End) -> Option<Outcome> {
        let State::Running { process, since } = self.state else {
            return None;
        };
        if process != ended {
            return None;
        }
        let outcome = end.into();
        match outcome {
            Outcome::Installed | Outcome::NotWanted => self.state = State::Idle,
            Outcome::Failed => {
                let now = Instant::now();
                self.wait(now, now.duration_since(since));
            }
        }
        Some(outcome)
    }

    fn wait(&mut self, now: Instant, ran: Duration) {
        self.state = State::Waiting {
            until: now + self.backoff.pause_after(ran),
        };
    }
}

/// Writes to the console by itself.
fn start() -> io::Result<Pid> {
    let console = File::options().write(true).open(CONSOLE)?;
    let [program, arguments @ ..] = PROGRAM;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(process::ENVIRONMENT)
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console);
    process::start(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(process: i32) -> Installer {
        Installer {
            state: State::Running {
                process: Pid::from_raw(process).unwrap(),
                since: Instant::now(),
            },
            backoff: Backoff::default(),
        }
    }

    #[test]
    fn its_end_says_what_follows() {
        let pid = Pid::from_raw(7).unwrap();
        let table = [
            (End::Exit(0), Outcome::Installed),
            (End::Exit(3), Outcome::NotWanted),
            (End::Exit(1), Outcome::Failed),
            (End::Signal(9), Outcome::Failed),
        ];
        for (end, outcome) in table {
            let mut installer = running(7);
            assert_eq!(installer.ended(Pid::from_raw(8).unwrap(), end), None);
            assert_eq!(installer.ended(pid, end), Some(outcome), "{end}");
            let again = installer.due().is_some();
            assert_eq!(again, outcome == Outcome::Failed, "{end}");
            // It is told once.
            assert_eq!(installer.ended(pid, end), None, "{end}");
        }
    }

    #[test]
    fn it_waits_for_nobody_being_there() {
        let mut installer = Installer::new();
        assert_eq!(installer.due(), None);
        installer.begin();
        assert!(installer.due().is_some());
        installer.stop();
        assert_eq!(installer.due(), None);

        let mut diskless = Installer::without_disk();
        diskless.stop();
        diskless.begin();
        assert_eq!(diskless.due(), None);
    }
}
