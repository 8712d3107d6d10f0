//! Signals to the client, as something to read: they are the command's.

#![expect(unsafe_code, reason = "no crate wraps signalfd and the signal mask")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Those that a person, a script or a terminal sends. A stop is the client's own: the command
/// has its own terminal, or goes on.
const LISTENED: [libc::c_int; 8] = [
    libc::SIGALRM,
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
];

/// What a signal to the client is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal has another size (`SIGWINCH`).
    Resized,
    /// The command is to get the signal of this number.
    ForCommand(u8),
}

/// The descriptor that signals arrive on.
pub(super) struct Signals(OwnedFd);

impl Signals {
    /// From now on they interrupt nothing.
    pub(super) fn listen() -> io::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset initialises the set, which is exclusively ours.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        for number in LISTENED {
            // SAFETY: the set is initialised; the number is a signal's.
            unsafe { libc::sigaddset(set.as_mut_ptr(), number) };
        }
        // SAFETY: initialised above.
        let set = unsafe { set.assume_init() };
        // SAFETY: the set is initialised, and the old mask is not asked for.
        match unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, core::ptr::null_mut())
        } {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
        // SAFETY: -1 asks for a new descriptor; the set is initialised.
        let descriptor =
            unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, and nobody else's.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(descriptor) }))
    }

    /// All that are waiting. Never blocks.
    pub(super) fn drain(&self) -> Vec<Signal> {
        let signal = |number| match number {
            libc::SIGWINCH => Some(Signal::Resized),
            number => u8::try_from(number).ok().map(Signal::ForCommand),
        };
        core::iter::from_fn(|| self.next_number())
            .filter_map(signal)
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
