//! Programs that PID 1 starts and its event loop reaps.

#![expect(unsafe_code, reason = "pre_exec runs between fork and exec")]

use crate::signals;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process, pidfd_open, waitpid,
};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// What programs find in their environment.
pub(crate) const ENVIRONMENT: [(&str, &str); 4] = [
    ("HOME", "/root"),
    ("LOGNAME", "root"),
    ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
    ("USER", "root"),
];

/// Starts a program in a session of its own, with PID 1's signals unblocked.
pub(crate) fn start(command: &mut Command) -> io::Result<Pid> {
    // SAFETY: the closure makes system calls only; it allocates nothing and takes no lock
    // that another thread could hold.
    unsafe { command.pre_exec(leave_pid_1) };
    let child = command.spawn()?;
    // The event loop reaps it, with all the others.
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Runs a program to its end, or ends it when `limit` has passed: then `None`. For what
/// runs before the event loop does.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> io::Result<Option<End>> {
    let process = start(command)?;
    let handle = pidfd_open(process, PidfdFlags::empty())?;
    let timeout = Timespec::try_from(limit).ok();
    let ended = poll(&mut [PollFd::new(&handle, PollFlags::IN)], timeout.as_ref())? > 0;
    if !ended {
        kill_process(process, Signal::KILL)?;
    }
    let status = waitpid(Some(process), WaitOptions::empty())?;
    Ok(status
        .filter(|_| ended)
        .map(|(_, status)| End::from(status)))
}

/// In the child.
fn leave_pid_1() -> io::Result<()> {
    signals::unblock()?;
    rustix::process::setsid()?;
    Ok(())
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this exit code; 0 is success.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "it ended with {code}"),
            Self::Signal(signal) => write!(f, "it was killed by signal {signal}"),
        }
    }
}

impl From<WaitStatus> for End {
    fn from(status: WaitStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Exit(code),
            (None, Some(signal)) => Self::Signal(signal),
            // Neither a stop nor a continue is asked for.
            (None, None) => Self::Exit(-1),
        }
    }
}

/// Reaps every process that has ended: PID 1 inherits all orphans.
pub(crate) fn reap() -> impl Iterator<Item = (Pid, End)> {
    core::iter::from_fn(|| match rustix::process::wait(WaitOptions::NOHANG) {
        Ok(Some((process, status))) => Some((process, status.into())),
        Ok(None) | Err(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_runs_to_its_end_or_to_the_limit() {
        let shell = |script: &str| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            command
        };
        let long = Duration::from_secs(60);
        let end = run_within(&mut shell("exit 3"), long).unwrap();
        assert_eq!(end, Some(End::Exit(3)));
        let end = run_within(&mut shell("kill -9 $$"), long).unwrap();
        assert_eq!(end, Some(End::Signal(9)));
        let end = run_within(&mut shell("exec sleep 600"), Duration::ZERO).unwrap();
        assert_eq!(end, None);
        assert!(run_within(&mut Command::new("/nonexistent"), long).is_err());
    }
}
