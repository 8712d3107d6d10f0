//! The root shell on the console, started again whenever it ends.
//!
//! It is a login shell in a session of its own with the console as its controlling
//! terminal, so that job control and Ctrl-C work. A shell that ends at once is not
//! started again at once: the pauses double up to a minute.

#![expect(unsafe_code, reason = "pre_exec runs between fork and exec")]

use crate::signals;
use rustix::process::Pid;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CONSOLE: &str = "/dev/console";
const ENVIRONMENT: [(&str, &str); 7] = [
    ("HOME", "/root"),
    ("LOGNAME", "root"),
    ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
    ("PS1", r"\h:\w\$ "),
    ("SHELL", "/bin/sh"),
    ("TERM", "vt100"),
    ("USER", "root"),
];
/// A shell that lived that long was used.
const USED: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The shell and when to start it next.
pub(crate) struct Shell {
    state: State,
    /// Shells in a row that ended too soon.
    short_lived: u32,
}

enum State {
    Running { process: Pid, since: Instant },
    Waiting { until: Instant },
}

impl Shell {
    /// A shell that [`Shell::start_if_due`] starts first.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Waiting {
                until: Instant::now(),
            },
            short_lived: 0,
        }
    }

    /// When there is something to do next.
    pub(crate) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Running { .. } => None,
            State::Waiting { until } => Some(until),
        }
    }

    /// Starts the shell if its time has come.
    pub(crate) fn start_if_due(&mut self) {
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
                log::warn!("cannot start a shell on {CONSOLE}: {error}");
                self.wait(now);
            }
        }
    }

    /// To be told of every process that ended.
    pub(crate) fn ended(&mut self, ended: Pid) {
        let State::Running { process, since } = self.state else {
            return;
        };
        if process == ended {
            let now = Instant::now();
            if now.duration_since(since) >= USED {
                self.short_lived = 0;
            }
            self.wait(now);
        }
    }

    fn wait(&mut self, now: Instant) {
        self.state = State::Waiting {
            until: now + pause(self.short_lived),
        };
        self.short_lived = self.short_lived.saturating_add(1);
    }
}

/// None after a shell that was used or the first that was not, then 1 s, 2 s, ...
fn pause(short_lived: u32) -> Duration {
    match short_lived.checked_sub(1) {
        None => Duration::ZERO,
        Some(doublings) => {
            Duration::from_secs(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)).min(LONGEST_PAUSE)
        }
    }
}

fn start() -> io::Result<Pid> {
    let console = File::options().read(true).write(true).open(CONSOLE)?;
    let mut command = Command::new("/bin/sh");
    command
        .arg("-l")
        .env_clear()
        .envs(ENVIRONMENT)
        .current_dir("/root")
        .stdin(console.try_clone()?)
        .stdout(console.try_clone()?)
        .stderr(Stdio::from(console));
    // SAFETY: the closure makes system calls only; it allocates nothing and takes
    // no lock that another thread could hold.
    unsafe { command.pre_exec(take_terminal) };
    let child = command.spawn()?;
    // The event loop reaps it, with all the others.
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// In the child: a session of its own, whose terminal is standard input.
fn take_terminal() -> io::Result<()> {
    signals::unblock()?;
    rustix::process::setsid()?;
    // SAFETY: standard input was just set up, and stays open in this process.
    let stdin = unsafe { std::os::fd::BorrowedFd::borrow_raw(0) };
    // A console that is no terminal still serves a shell.
    let _ = rustix::process::ioctl_tiocsctty(stdin);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<_> = (0..9).map(|count| pause(count).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
