//! The system calls that no crate wraps, each behind a safe function.

#![expect(
    unsafe_code,
    reason = "fork, signals that are waited for, filters of system calls and devices, and an interface's flags"
)]

use crate::seccomp::Instruction;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;
use std::ffi::{c_int, c_ulong};
use std::io::{self, Error};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Which side of a fork this is.
pub(crate) enum Forked {
    Parent(Pid),
    Child,
}

/// Forks a process that has one thread.
///
/// # Errors
/// It has more: a lock that another thread holds would be held for ever in the child.
pub(crate) fn fork() -> io::Result<Forked> {
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(Error::other(format!("{threads} threads run, not one")));
    }
    fork_unchecked()
}

/// Forks where it is known that there is one thread: in the child of [`fork`].
pub(crate) fn fork_unchecked() -> io::Result<Forked> {
    // SAFETY: there is one thread, so the child finds memory and locks as they were left
    // by this very code.
    let pid = check(unsafe { libc::fork() })?;
    Ok(Pid::from_raw(pid).map_or(Forked::Child, Forked::Parent))
}

/// Leaves namespaces for new ones.
pub(crate) fn unshare(namespaces: UnshareFlags) -> io::Result<()> {
    // SAFETY: what could be unsafe is a table of open files of its own, which nobody asks
    // for here.
    unsafe { rustix::thread::unshare_unsafe(namespaces - UnshareFlags::FILES) }?;
    Ok(())
}

/// A signal that somebody waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) signal: c_int,
    /// Did a process send it, rather than the kernel or a terminal?
    pub(crate) sent: bool,
}

/// Blocks all signals: from here on they are waited for.
pub(crate) fn block_signals() -> io::Result<()> {
    change_mask(libc::SIG_SETMASK, &all_signals())
}

/// Lets all signals through, and none be ignored: as a program expects it.
pub(crate) fn restore_signals() -> io::Result<()> {
    for signal in 1..=64 {
        // SAFETY: the default disposition needs nothing of ours. KILL, STOP and the C
        // library's own refuse, and have their defaults.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    change_mask(libc::SIG_SETMASK, &no_signals())
}

/// Waits for the next signal.
pub(crate) fn wait_for_signal() -> io::Result<Received> {
    let set = all_signals();
    loop {
        // SAFETY: it is numbers from end to end, and all of them may be 0.
        let mut info: libc::siginfo_t = unsafe { core::mem::zeroed() };
        // SAFETY: the kernel reads the set and writes one `siginfo_t`.
        match check(unsafe { libc::sigwaitinfo(&raw const set, &raw mut info) }) {
            Ok(signal) => {
                let sent = matches!(info.si_code, libc::SI_USER | libc::SI_TKILL);
                return Ok(Received { signal, sent });
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn all_signals() -> libc::sigset_t {
    let mut set = no_signals();
    // SAFETY: `set` is a set.
    unsafe { libc::sigfillset(&raw mut set) };
    set
}

fn no_signals() -> libc::sigset_t {
    // SAFETY: it is numbers from end to end, and all of them may be 0.
    let mut set: libc::sigset_t = unsafe { core::mem::zeroed() };
    // SAFETY: `set` is a set.
    unsafe { libc::sigemptyset(&raw mut set) };
    set
}

fn change_mask(how: c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: the kernel reads the set and writes nothing.
    check(unsafe { libc::sigprocmask(how, set, core::ptr::null_mut()) }).map(drop)
}

/// Sends a signal to a process by its number.
pub(crate) fn send_signal(process: c_int, signal: c_int) -> io::Result<()> {
    // SAFETY: numbers only.
    check(unsafe { libc::kill(process, signal) }).map(drop)
}

/// The process dies with its parent.
pub(crate) fn die_with_parent() -> io::Result<()> {
    control(libc::PR_SET_PDEATHSIG, libc::SIGKILL as c_ulong)
}

/// Takes a capability out of the bounding set; `false` where the kernel has none of that
/// number.
pub(crate) fn drop_from_bounding_set(capability: u32) -> io::Result<bool> {
    match control(libc::PR_CAPBSET_DROP, c_ulong::from(capability)) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) && capability > 0 => Ok(false),
        Err(error) => Err(error),
    }
}

fn control(option: c_int, argument: c_ulong) -> io::Result<()> {
    const NONE: c_ulong = 0;
    // SAFETY: these options take numbers only.
    check(unsafe { libc::prctl(option, argument, NONE, NONE, NONE) }).map(drop)
}

/// Has a program that is executed find standard input, output, error and `files`, in this
/// order from 3 on, and no others.
///
/// # Errors
/// One of them is not open.
pub(crate) fn inherit(files: &[RawFd]) -> io::Result<()> {
    const FIRST: RawFd = 3;
    const CLOSE_ON_EXEC: u32 = 4;
    let end = FIRST + RawFd::try_from(files.len()).map_err(Error::other)?;
    // Out of each other's way first, then to their places.
    let mut moved = Vec::new();
    for file in files {
        // SAFETY: a further number for an open file; no number that exists changes.
        moved.push(check(unsafe { libc::fcntl(*file, libc::F_DUPFD, end) })?);
    }
    for (place, file) in (FIRST..).zip(&moved) {
        // SAFETY: whoever calls this gives the numbers from 3 on away, to be executed.
        check(unsafe { libc::dup2(*file, place) })?;
    }
    // SAFETY: numbers only, and nothing is closed yet.
    let outcome = unsafe { libc::syscall(libc::SYS_close_range, end, u32::MAX, CLOSE_ON_EXEC) };
    if outcome == 0 {
        Ok(())
    } else {
        Err(Error::last_os_error())
    }
}

/// Puts the calling thread behind a filter of system calls.
pub(crate) fn set_filter(filter: &[Instruction]) -> io::Result<()> {
    #[repr(C)]
    struct Program {
        length: u16,
        instructions: *const Instruction,
    }
    let program = Program {
        length: u16::try_from(filter.len()).map_err(Error::other)?,
        instructions: filter.as_ptr(),
    };
    // SAFETY: the kernel reads `length` instructions, which have its layout and live on.
    let outcome = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            c_ulong::from(libc::SECCOMP_MODE_FILTER),
            &raw const program,
        )
    };
    check(outcome).map(drop)
}

/// Loads a filter of device nodes: extended BPF, eight bytes an instruction.
pub(crate) fn load_device_filter(instructions: &[u64]) -> io::Result<OwnedFd> {
    const PROG_LOAD: c_int = 5;
    const CGROUP_DEVICE: u32 = 15;
    /// The beginning of `union bpf_attr`; the kernel takes the rest for zeros.
    #[repr(C)]
    struct Attributes {
        kind: u32,
        instructions_count: u32,
        instructions: u64,
        licence: u64,
        log_level: u32,
        log_size: u32,
        log: u64,
        kernel_version: u32,
        flags: u32,
    }
    let attributes = Attributes {
        kind: CGROUP_DEVICE,
        instructions_count: u32::try_from(instructions.len()).map_err(Error::other)?,
        instructions: instructions.as_ptr() as u64,
        licence: c"".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel_version: 0,
        flags: 0,
    };
    // SAFETY: the kernel reads the attributes and what they point to, with the lengths that
    // stand beside it; all of it lives on.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            PROG_LOAD,
            &raw const attributes,
            size_of::<Attributes>(),
        )
    };
    let descriptor = check(c_int::try_from(outcome).map_err(Error::other)?)?;
    // SAFETY: the kernel has just opened it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Ties a filter of device nodes to a control group, in place of the one before.
pub(crate) fn attach_device_filter(
    group: BorrowedFd<'_>,
    filter: BorrowedFd<'_>,
) -> io::Result<()> {
    const PROG_ATTACH: c_int = 8;
    const CGROUP_DEVICE: u32 = 6;
    let attributes = [
        group.as_raw_fd().cast_unsigned(),
        filter.as_raw_fd().cast_unsigned(),
        CGROUP_DEVICE,
        0,
    ];
    // SAFETY: the kernel reads four numbers.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            PROG_ATTACH,
            attributes.as_ptr(),
            size_of_val(&attributes),
        )
    };
    check(c_int::try_from(outcome).map_err(Error::other)?).map(drop)
}

/// Switches the interface `lo` of this network namespace on.
pub(crate) fn loopback_up() -> io::Result<()> {
    // SAFETY: numbers only.
    let socket = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) })?;
    // SAFETY: the kernel has just opened it for us.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: it is numbers from end to end, and all of them may be 0.
    let mut request: libc::ifreq = unsafe { core::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed() as libc::c_char;
    }
    let raw = socket.as_raw_fd();
    // SAFETY: the kernel reads the name and writes the flags, both in one `ifreq`.
    check(unsafe { libc::ioctl(raw, libc::SIOCGIFFLAGS as _, &raw mut request) })?;
    // SAFETY: the call before wrote this member.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    // SAFETY: the kernel reads one `ifreq`.
    check(unsafe { libc::ioctl(raw, libc::SIOCSIFFLAGS as _, &raw const request) }).map(drop)
}

fn check(outcome: c_int) -> io::Result<c_int> {
    if outcome == -1 {
        Err(Error::last_os_error())
    } else {
        Ok(outcome)
    }
}
