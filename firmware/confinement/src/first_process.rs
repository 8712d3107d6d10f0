//! Process 1 of a snap's process namespace: starts the program, hands signals on, reaps.
//!
//! It is behind the same layers as the program. The kernel ignores what process 1 does not
//! handle, so a program that were it itself could not be ended by a signal.

use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::{Lifetime, Sandbox};
use crate::system_calls::{self, Forked};
use crate::view::NOTIFY;
use rustix::process::{Pid, WaitOptions, WaitStatus};
use std::io::{self, PipeWriter, Write};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Starts the program of `sandbox` and stays until it has ended; its exit code is what this
/// returns, with 128 added to a signal. Calls `forked` as soon as the program has a process.
///
/// # Errors
/// In process 1 if it cannot fork, and in its child if the program cannot be executed.
pub(crate) fn run(sandbox: &Sandbox, forked: impl FnOnce()) -> Result<u8, LayerError> {
    let outcome = system_calls::fork_unchecked();
    match outcome.layer(Layer::Process, || "fork the program".to_owned())? {
        Forked::Child => Err(execute(sandbox)),
        Forked::Parent(first) => {
            forked();
            Ok(look_after(first, sandbox))
        }
    }
}

fn look_after(first: Pid, sandbox: &Sandbox) -> u8 {
    let mut outcome = None;
    loop {
        while let Ok(Some((process, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if process == first {
                let code = exit_code(status);
                if sandbox.lifetime == Lifetime::FirstProcess || code != 0 {
                    return code;
                }
                outcome = Some(code);
                say_ready();
            }
        }
        if let Some(code) = outcome
            && !has_children()
        {
            return code;
        }
        let Ok(received) = system_calls::wait_for_signal() else {
            return 255;
        };
        if received.signal != libc::SIGCHLD {
            // Once the first one has ended, its heirs are meant: all that there are.
            let to = if outcome.is_none() {
                first.as_raw_pid()
            } else {
                -1
            };
            let _ = system_calls::send_signal(to, received.signal);
        }
    }
}

fn has_children() -> bool {
    match rustix::process::wait(WaitOptions::NOHANG) {
        Ok(_) => true,
        Err(error) => error != rustix::io::Errno::CHILD,
    }
}

/// As the program itself would, if it were one that says so.
fn say_ready() {
    // Nobody may listen.
    let _ = UnixDatagram::unbound().and_then(|socket| {
        socket.send_to(b"READY=1", NOTIFY)?;
        Ok(())
    });
}

/// A code, or 128 and the signal.
pub(crate) fn exit_code(status: WaitStatus) -> u8 {
    let code = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 255,
    };
    u8::try_from(code).unwrap_or(255)
}

/// Returns only if it fails.
fn execute(sandbox: &Sandbox) -> LayerError {
    let program = &sandbox.program;
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        .env_clear()
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .current_dir(&program.directory);
    if sandbox.notify.is_some() {
        command.env("NOTIFY_SOCKET", NOTIFY);
    }
    if !sandbox.inherited_sockets.is_empty() {
        command
            .env("LISTEN_FDS", sandbox.inherited_sockets.len().to_string())
            .env("LISTEN_PID", std::process::id().to_string());
    }
    let failed = |error: io::Error| {
        let start: Result<(), _> = Err(error);
        start
            .layer(Layer::Program, || {
                format!("start {}", program.path.display())
            })
            .expect_err("it was made of an error")
    };
    match system_calls::restore_signals() {
        Ok(()) => failed(command.exec()),
        Err(error) => failed(error),
    }
}

/// Tells the parent outside why there is no program.
pub(crate) fn report(mut problems: PipeWriter, error: &LayerError) {
    // Who does not hear it hears that the process ended.
    let _ = problems.write_all(error.to_line().as_bytes());
}
