//! Starts `snap-run` for what belongs to a service, and waits for its end.

use crate::log::Log;
use crate::places::Places;
use anyhow::{Context, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

/// A process that is being waited for.
#[derive(Debug)]
pub(crate) struct Process {
    handle: OwnedFd,
}

impl Process {
    /// Starts `command`, whose words go to `log` and which reads `input`, and calls `ended` from a thread with its
    /// exit code.
    pub(crate) fn start(
        mut command: Command,
        input: Stdio,
        log: Log,
        ended: impl FnOnce(u8) + Send + 'static,
    ) -> Result<Self> {
        let (reader, writer) = std::io::pipe().context("cannot make a pipe for its log")?;
        command
            .stdin(input)
            .stdout(writer.try_clone().context("cannot share a pipe")?)
            .stderr(writer);
        let mut child = command.spawn().context("cannot start snap-run")?;
        // The parent's ends of the pipe are closed with the command, or the log never ends.
        drop(command);
        let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        log.keep(reader);
        thread::spawn(move || ended(child.wait().map_or(255, exit_code)));
        Ok(Self {
            handle: handle.context("cannot hold on to it")?,
        })
    }

    /// Sends it a signal; one that has ended gets none.
    pub(crate) fn signal(&self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            let _ = pidfd_send_signal(&self.handle, signal);
        }
    }
}

/// As a shell has it.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let code = match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 255,
    };
    u8::try_from(code).unwrap_or(255)
}

/// `snap-run` with its first words.
pub(crate) fn snap_run(places: &Places, revision: &str) -> Command {
    let (program, words) = places
        .snap_run
        .split_first()
        .expect("the program stands first");
    let mut command = Command::new(program);
    command.args(words).args(["--revision", revision]);
    command
}
