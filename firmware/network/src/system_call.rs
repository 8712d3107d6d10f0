//! The system calls that no crate wraps, each behind a safe function.

#![expect(unsafe_code, reason = "libc takes pointers to structures")]

use std::ffi::c_void;
use std::io::{Error, Result};
use std::os::fd::{AsFd, AsRawFd};

/// Ties a socket to a port: it hears and sends nowhere else.
pub(crate) fn bind_to_port(socket: impl AsFd, name: &str) -> Result<()> {
    let length = libc::socklen_t::try_from(name.len()).map_err(Error::other)?;
    // SAFETY: the kernel reads `length` bytes of the name, which lives on.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_BINDTODEVICE,
            name.as_ptr().cast::<c_void>(),
            length,
        )
    };
    if outcome == 0 {
        Ok(())
    } else {
        Err(Error::last_os_error())
    }
}

/// Lets the clock run a little faster or slower until it has made up for this, which is
/// half a second at most.
pub(crate) fn slew_clock(micros: i32) -> Result<()> {
    // SAFETY: it is numbers from end to end, and all of them may be 0.
    let mut change: libc::timex = unsafe { core::mem::zeroed() };
    change.modes = libc::ADJ_OFFSET_SINGLESHOT;
    change.offset = micros.into();
    // SAFETY: the kernel reads and writes one `struct timex`.
    let outcome = unsafe { libc::adjtimex(&mut change) };
    if outcome == -1 {
        Err(Error::last_os_error())
    } else {
        Ok(())
    }
}
