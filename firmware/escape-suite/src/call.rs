//! A system call by its number, as who wants out would make it: no library in between that
//! could say no in the kernel's place.

#![expect(
    unsafe_code,
    reason = "an attempt is a system call with arguments that no wrapper offers"
)]

use std::ffi::c_long;
use std::io;

/// Calls Linux. Arguments that are pointers point to what lives while this runs.
pub(crate) fn call<const N: usize>(number: c_long, arguments: [usize; N]) -> io::Result<usize> {
    let argument = |index: usize| arguments.get(index).copied().unwrap_or(0);
    // SAFETY: each attempt gives the arguments that its call takes; what pointers lead to
    // belongs to the attempt, which waits here. The process ends with the attempt.
    let outcome = unsafe {
        libc::syscall(
            number,
            argument(0),
            argument(1),
            argument(2),
            argument(3),
            argument(4),
            argument(5),
        )
    };
    if outcome == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(outcome.cast_unsigned() as usize)
    }
}

/// Calls Linux as a program of 32 bits does, where a kernel of 64 bits lets it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn call_as_32_bit_program() -> io::Result<()> {
    const GETPID: i32 = 20;
    let outcome: i32;
    // SAFETY: `getpid` takes no argument and touches no memory.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("eax") GETPID => outcome, out("r8") _,
            out("r9") _, out("r10") _, out("r11") _);
    }
    if outcome > 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(-outcome))
    }
}

/// There is nothing like it.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn call_as_32_bit_program() -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
