//! Until the command has ended: what is typed goes to its terminal, what it writes comes from
//! there, and signals go to the service.

use super::signals::{Signal, Signals};
use super::terminal::Terminal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// What a command wrote last is there at once.
const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Returns when the service has something to say, or went away.
pub(super) fn relay(
    service: &mut UnixStream,
    signals: &Signals,
    terminal: Option<&Terminal>,
) -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let (mut is_typed, mut is_written) = (terminal.is_some(), terminal.is_some());
    loop {
        let mut sources = vec![
            PollFd::from_borrowed_fd(service.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        let watched = [
            (is_typed, stdin),
            (is_written, terminal.map_or(stdin, AsFd::as_fd)),
        ];
        for (is_watched, descriptor) in watched {
            let flags = if is_watched {
                PollFlags::IN
            } else {
                PollFlags::empty()
            };
            sources.push(PollFd::from_borrowed_fd(descriptor, flags));
        }
        match poll(&mut sources, None) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        let is_ready: Vec<bool> = sources
            .iter()
            .map(|each| !each.revents().is_empty())
            .collect();
        drop(sources);
        for signal in signals.drain() {
            match (signal, terminal) {
                (Signal::Resized, Some(terminal)) => terminal.resize(),
                (Signal::Resized, None) => {}
                (Signal::ForCommand(number), _) => service.write_all(&[number])?,
            }
        }
        if let Some(terminal) = terminal {
            if is_written && is_ready[3] {
                is_written = pass(terminal.as_fd(), rustix::stdio::stdout())?;
            }
            if is_typed && is_ready[2] {
                is_typed = pass(stdin, terminal.as_fd())?;
            }
        }
        if is_ready[0] {
            return terminal.map_or(Ok(()), |terminal| drain(terminal.as_fd()));
        }
    }
}

/// What the command wrote last.
fn drain(terminal: BorrowedFd<'_>) -> io::Result<()> {
    loop {
        let mut source = [PollFd::from_borrowed_fd(terminal, PollFlags::IN)];
        let is_ready = poll(&mut source, Some(&NOW))? > 0;
        if !is_ready || !pass(terminal, rustix::stdio::stdout())? {
            return Ok(());
        }
    }
}

/// Passes on what is there. `false`: there will be nothing more.
fn pass(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<bool> {
    let mut bytes = [0; 4096];
    let length = match read(from, &mut bytes) {
        // Nobody has the other end of the terminal open.
        Err(Errno::IO) => return Ok(false),
        Err(Errno::INTR | Errno::AGAIN) => return Ok(true),
        other => other?,
    };
    let mut rest = &bytes[..length];
    while !rest.is_empty() {
        match write(to, rest) {
            Err(Errno::INTR) => {}
            Err(Errno::IO) => return Ok(false),
            other => rest = &rest[other?..],
        }
    }
    Ok(length > 0)
}
