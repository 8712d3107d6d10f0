//! One command, from its start to its end.

#![expect(unsafe_code, reason = "pre_exec runs between fork and exec")]

use super::policy::{Identity, Invoker};
use crate::answer::Answer;
use crate::descriptors::Handed;
use crate::environment::passes;
use crate::request::{Request, Start, Terminal};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::ffi::OsString;
use std::io::{self, Error, ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};

/// Where root's programs are: nothing that a user can write to.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

/// Starts it, passes on signals, and tells how it ended.
pub(super) fn run(
    request: &Request,
    handed: Handed<OwnedFd>,
    identity: &Identity,
    invoker: &Invoker,
    client: &mut UnixStream,
) -> io::Result<Answer> {
    let mut child = match start(request, handed, identity, invoker) {
        Ok(child) => child,
        Err(error) => {
            let program = request.program().to_string_lossy();
            let why = match error.kind() {
                ErrorKind::NotFound => format!("{program}: command not found"),
                _ => format!("cannot run {program}: {error}"),
            };
            return Ok(Answer::Refused(why));
        }
    };
    attend(&child, client)?;
    let status = child.wait()?;
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => Answer::Exited(byte(code)),
        (None, signal) => Answer::Killed(byte(signal.unwrap_or_default())),
    })
}

fn start(
    request: &Request,
    handed: Handed<OwnedFd>,
    identity: &Identity,
    invoker: &Invoker,
) -> io::Result<Child> {
    let mut command = Command::new(request.program());
    let passed = |(name, value): &&(OsString, OsString)| passes(name, value);
    command
        .args(request.command.iter().skip(1))
        .env_clear()
        .envs(request.environment.iter().filter(passed).cloned())
        .env("PATH", PATH)
        .env("HOME", &identity.home)
        .env("USER", &identity.name)
        .env("LOGNAME", &identity.name)
        .env("SHELL", &identity.shell)
        .env("SUDO_USER", &invoker.name)
        .env("SUDO_UID", invoker.uid.to_string())
        .env("SUDO_GID", invoker.gid.to_string())
        .stdin(handed.input)
        .stdout(handed.output)
        .stderr(handed.error);
    if identity.uid != 0 {
        // Also without the groups of the service.
        command.gid(identity.uid).uid(identity.uid);
    }
    let directory = match request.start {
        Start::Here => Some(handed.directory),
        Start::AtHome => {
            command.current_dir(&identity.home);
            None
        }
    };
    let terminal = request.terminal;
    // SAFETY: the closure makes system calls only; it allocates nothing and takes no lock that
    // another thread could hold.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            if terminal == Terminal::Own {
                // Standard input was just set up, and stays open in this process.
                let stdin = rustix::stdio::stdin();
                rustix::process::ioctl_tiocsctty(stdin)?;
            }
            if let Some(directory) = &directory {
                rustix::process::fchdir(directory)?;
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Until the command has ended: what the client sends are numbers of signals for it. A client
/// that went away is a terminal that was hung up.
fn attend(child: &Child, client: &mut UnixStream) -> io::Result<()> {
    let pid = Pid::from_raw(child.id().cast_signed()).ok_or(ErrorKind::InvalidData)?;
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    let mut is_there = true;
    loop {
        let mut sources = vec![PollFd::new(&handle, PollFlags::IN)];
        if is_there {
            sources.push(PollFd::from_borrowed_fd(client.as_fd(), PollFlags::IN));
        }
        match poll(&mut sources, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        // It is not reaped before: its number is nobody else's while we send it signals.
        if !sources[0].revents().is_empty() {
            return Ok(());
        }
        let mut numbers = [0; 16];
        let count = match client.read(&mut numbers) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => 0,
            Ok(count) => count,
        };
        is_there = count > 0;
        let hang_up = [Signal::HUP, Signal::CONT];
        let sent = numbers[..count].iter().copied().filter_map(signal);
        let signals: Vec<_> = match is_there {
            true => sent.collect(),
            false => hang_up.to_vec(),
        };
        for signal in signals {
            match kill_process_group(pid, signal) {
                // All of it has just ended.
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(Error::from(error)),
            }
        }
    }
}

fn signal(number: u8) -> Option<Signal> {
    Signal::from_named_raw(number.into())
}
