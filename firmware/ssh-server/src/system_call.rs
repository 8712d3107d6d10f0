//! The system calls that no crate wraps, each behind a safe function.

#![expect(
    unsafe_code,
    reason = "ids of a whole process are the C library's affair"
)]

use std::io::{Error, Result};

/// Makes this process that user's, for good: real, effective and saved ids, no other groups.
///
/// # Errors
/// The kernel's. Then the process must end.
pub(crate) fn become_user(uid: u32) -> Result<()> {
    // SAFETY: there are no groups at the pointer, and none are read.
    check(unsafe { libc::setgroups(0, core::ptr::null()) })?;
    // SAFETY: it takes numbers.
    check(unsafe { libc::setresgid(uid, uid, uid) })?;
    // SAFETY: it takes numbers.
    check(unsafe { libc::setresuid(uid, uid, uid) })?;
    // SAFETY: it takes a number.
    match unsafe { libc::setuid(0) } {
        0 => Err(Error::other("root was not given up")),
        _ => Ok(()),
    }
}

fn check(outcome: libc::c_int) -> Result<()> {
    match outcome {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}
