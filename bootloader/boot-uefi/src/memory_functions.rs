//! What the compiler calls to copy, fill and compare memory. Rust's UEFI targets bring these
//! along; the target of 32-bit ARM leaves them to a C library, which a loader has not.
//!
//! Every access is volatile: otherwise the compiler would see what these loops do, and
//! put calls of the very same functions into their place.
#![expect(
    unsafe_code,
    reason = "defines the functions that the compiler takes for granted"
)]

use core::ffi::{c_char, c_int, c_void};

const WORD_BYTES: usize = size_of::<usize>();

/// How many of `count` bytes can be handled as whole words, from places at `addresses`
/// (of which all bits are in one number).
fn in_words(addresses: usize, count: usize) -> usize {
    match addresses.is_multiple_of(WORD_BYTES) {
        true => count & !WORD_BYTES.wrapping_sub(1),
        false => 0,
    }
}

/// Copies `count` bytes between places that do not overlap.
///
/// # Safety
/// As in C: both places have that many bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    let (target, source) = (to.cast::<u8>(), from.cast::<u8>());
    let whole = in_words(target.addr() | source.addr(), count);
    for at in (0..whole).step_by(WORD_BYTES) {
        // SAFETY: both have a whole word there, and it is aligned.
        unsafe {
            let word = source.add(at).cast::<usize>().read_volatile();
            target.add(at).cast::<usize>().write_volatile(word);
        }
    }
    for at in whole..count {
        // SAFETY: both have a byte there.
        unsafe {
            target
                .add(at)
                .write_volatile(source.add(at).read_volatile())
        };
    }
    to
}

/// Copies `count` bytes between places that may overlap.
///
/// # Safety
/// As in C: both places have that many bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: the caller's promise. The target does not begin inside the source, so
        // what is copied from front to back is read before it is overwritten.
        return unsafe { memcpy(to, from, count) };
    }
    let (target, source) = (to.cast::<u8>(), from.cast::<u8>());
    for at in (0..count).rev() {
        // SAFETY: both have a byte there.
        unsafe {
            target
                .add(at)
                .write_volatile(source.add(at).read_volatile())
        };
    }
    to
}

/// Fills `count` bytes with the low byte of `value`.
///
/// # Safety
/// As in C: there are that many bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut c_void, value: c_int, count: usize) -> *mut c_void {
    let target = to.cast::<u8>();
    let [byte, ..] = value.to_le_bytes();
    let whole = in_words(target.addr(), count);
    let word = usize::from_ne_bytes([byte; WORD_BYTES]);
    for at in (0..whole).step_by(WORD_BYTES) {
        // SAFETY: there is a whole word, and it is aligned.
        unsafe { target.add(at).cast::<usize>().write_volatile(word) };
    }
    for at in whole..count {
        // SAFETY: there is a byte.
        unsafe { target.add(at).write_volatile(byte) };
    }
    to
}

/// Compares: the difference of the first two bytes that differ, or 0.
///
/// # Safety
/// As in C: both places have `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const c_void, other: *const c_void, count: usize) -> c_int {
    let (one, other) = (one.cast::<u8>(), other.cast::<u8>());
    for at in 0..count {
        // SAFETY: both have a byte there.
        let (here, there) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if here != there {
            return c_int::from(here).wrapping_sub(there.into());
        }
    }
    0
}

/// As [`memcmp`], of which only equality matters.
///
/// # Safety
/// The same.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(one: *const c_void, other: *const c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { memcmp(one, other, count) }
}

/// The length of a string up to its zero.
///
/// # Safety
/// As in C: there is a zero.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(string: *const c_char) -> usize {
    let mut length: usize = 0;
    // SAFETY: the zero was not yet seen.
    while unsafe { string.add(length).read_volatile() } != 0 {
        length = length.wrapping_add(1);
    }
    length
}
