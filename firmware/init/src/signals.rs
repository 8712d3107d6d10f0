//! Signals to PID 1, as something to read.
//!
//! They are blocked and arrive on a descriptor, so that the event loop handles them
//! one after the other and nothing is interrupted. A program that PID 1 starts must
//! not inherit the blocked signals: [`unblock`] is called in the child.

#![expect(unsafe_code, reason = "no crate wraps signalfd and the signal mask")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// What a signal asks of PID 1: the numbers that busybox's programs send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// A child ended (`SIGCHLD`).
    ChildEnded,
    /// `poweroff` (`SIGUSR2`), or a power supply that fails (`SIGPWR`).
    PowerOff,
    /// `halt` (`SIGUSR1`).
    Halt,
    /// `reboot` (`SIGTERM`), or Ctrl-Alt-Del (`SIGINT`).
    Reboot,
}

const LISTENED: [(libc::c_int, Signal); 6] = [
    (libc::SIGCHLD, Signal::ChildEnded),
    (libc::SIGUSR2, Signal::PowerOff),
    (libc::SIGPWR, Signal::PowerOff),
    (libc::SIGUSR1, Signal::Halt),
    (libc::SIGTERM, Signal::Reboot),
    (libc::SIGINT, Signal::Reboot),
];

/// The descriptor that signals arrive on.
pub(crate) struct Signals(OwnedFd);

impl Signals {
    /// Blocks the signals and listens to them from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let set = listened();
        change_mask(libc::SIG_BLOCK, &set)?;
        // SAFETY: -1 asks for a new descriptor; the set is initialised.
        let descriptor =
            unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, and nobody else's.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// All signals that are waiting. Never blocks.
    pub(crate) fn drain(&self) -> Vec<Signal> {
        core::iter::from_fn(|| self.next_number())
            .filter_map(|number| LISTENED.iter().find(|(each, _)| *each == number))
            .map(|(_, signal)| *signal)
            .collect()
    }

    fn next_number(&self) -> Option<libc::c_int> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let length = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the kernel writes at most `length` bytes to the pointer.
        let read = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), length) };
        if read != length.cast_signed() {
            return None;
        }
        // SAFETY: all of it was written.
        unsafe { info.assume_init() }.ssi_signo.try_into().ok()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Undoes [`Signals::listen`] for the calling thread. May be called between `fork`
/// and `exec`: it allocates nothing and takes no lock.
pub(crate) fn unblock() -> io::Result<()> {
    change_mask(libc::SIG_UNBLOCK, &listened())
}

fn listened() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, which is exclusively ours.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for (number, _) in LISTENED {
        // SAFETY: the set is initialised; the number is a signal's.
        unsafe { libc::sigaddset(set.as_mut_ptr(), number) };
    }
    // SAFETY: initialised above.
    unsafe { set.assume_init() }
}

fn change_mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the set is initialised, and the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, core::ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_signal_is_read_once() {
        let signals = Signals::listen().unwrap();
        assert_eq!(signals.drain(), []);
        // SAFETY: the signal is blocked in this thread, which it is sent to.
        unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR2) };
        assert_eq!(signals.drain(), [Signal::PowerOff]);
        assert_eq!(signals.drain(), []);
        unblock().unwrap();
    }
}
