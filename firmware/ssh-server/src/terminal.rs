//! A terminal for a session, and the end of it that the network has.

#![expect(
    unsafe_code,
    reason = "tokio wants to be told that a descriptor stays open"
)]

use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// In characters.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
}

/// A terminal, by the end that the network has.
pub(crate) struct Terminal {
    controller: AsyncFd<OwnedFd>,
    /// Where the other end is.
    pub(crate) path: OsString,
}

impl Terminal {
    /// Makes one: it belongs to whoever this process is.
    pub(crate) fn make(size: Size) -> io::Result<Self> {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&controller)?;
        unlockpt(&controller)?;
        let path = ptsname(&controller, Vec::new())?;
        let path = OsStr::from_bytes(path.as_bytes()).to_owned();
        let flags = rustix::fs::fcntl_getfl(&controller)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&controller, flags)?;
        // SAFETY: an OwnedFd names the same open file until it is dropped, with what holds it.
        let controller = unsafe { AsyncFd::register(controller) }?;
        let terminal = Self { controller, path };
        terminal.resize(size);
        Ok(terminal)
    }

    /// The other end.
    pub(crate) fn open(&self) -> io::Result<File> {
        let mut options = File::options();
        options
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open(&self.path)
    }

    pub(crate) fn resize(&self, size: Size) {
        let number = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        let size = Winsize {
            ws_row: number(size.rows),
            ws_col: number(size.columns),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // Whoever looks at a terminal without a size takes 80 by 24.
        let _ = tcsetwinsize(self.controller.get_ref(), size);
    }

    /// What the program writes. No bytes: there will be no more.
    pub(crate) async fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = |fd: &OwnedFd| Ok(rustix::io::read(fd, &mut *bytes)?);
        hung_up(self.controller.async_io(Interest::READABLE, read).await)
    }

    /// What is there. No bytes: nothing is.
    pub(crate) fn read_now(&self, bytes: &mut [u8]) -> usize {
        rustix::io::read(self.controller.get_ref(), bytes).unwrap_or(0)
    }

    /// What was typed.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let write = |fd: &OwnedFd| Ok(rustix::io::write(fd, bytes)?);
            let written = self.controller.async_io(Interest::WRITABLE, write).await?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Nobody has the other end open: Linux calls that an error.
fn hung_up(read: io::Result<usize>) -> io::Result<usize> {
    match read {
        Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => Ok(0),
        other => other,
    }
}
