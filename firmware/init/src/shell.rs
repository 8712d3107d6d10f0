//! The root shell on the console, started again whenever it ends.
//!
//! It is a login shell in a session of its own with the console as its controlling
//! terminal, so that job control and Ctrl-C work. A shell that ends at once is not
//! started again at once: the pauses double up to a minute.

#![expect(unsafe_code, reason = "pre_exec runs between fork and exec")]

use crate::backoff::Backoff;
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
/// The shell and when to start it next.
pub(crate) struct Shell {
    state: State,
    backoff: Backoff,
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
            backoff: Backoff::default(),
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
                self.wait(now, Duration::ZERO);
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
            self.wait(now, now.duration_since(since));
        }
    }

    fn wait(&mut self, now: Instant, ran: Duration) {
        self.state = State::Waiting {
            until: now + self.backoff.pause_after(ran),
        };
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
