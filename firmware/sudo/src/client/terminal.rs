//! The user's terminal, and the one that is made for the command.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

/// The user's terminal, raw as long as this lives, and the controlling end of the command's.
pub(super) struct Terminal {
    before: Termios,
    controller: OwnedFd,
}

impl Terminal {
    /// Whether the user sits at a terminal with all three standard files. Where one of them is
    /// a pipe or a file, others read the terminal as well, and it is left as it is.
    pub(super) fn is_there() -> bool {
        isatty(rustix::stdio::stdin())
            && isatty(rustix::stdio::stdout())
            && isatty(rustix::stdio::stderr())
    }

    /// Makes a terminal for a command, like the user's; returns the end that is the command's.
    pub(super) fn make() -> io::Result<(Self, OwnedFd)> {
        let user = rustix::stdio::stdin();
        let before = tcgetattr(user)?;
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let name = ptsname(&controller, Vec::new())?;
        let command = File::options()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))?;
        tcsetattr(&command, OptionalActions::Now, &before)?;
        let terminal = Self { before, controller };
        terminal.resize();
        let mut raw = terminal.before.clone();
        raw.make_raw();
        tcsetattr(user, OptionalActions::Drain, &raw)?;
        Ok((terminal, command.into()))
    }

    /// Gives the command's terminal the size of the user's.
    pub(super) fn resize(&self) {
        // A terminal without a size is one all the same.
        if let Ok(size) = tcgetwinsize(rustix::stdio::stdin()) {
            let _ = tcsetwinsize(&self.controller, size);
        }
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.controller.as_fd()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may be gone: then there is nothing to put right.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.before);
    }
}
