//! The first instructions: a stack, then Rust.
//!
//! Open Firmware enters with 32 bits, big-endian, in real mode, its own entry in `r5`
//! (IEEE 1275 binding for PowerPC, section 8.2.3). The firmware has zeroed `.bss`.
#![expect(unsafe_code, reason = "the firmware enters here")]

use core::arch::global_asm;

use crate::client_interface::{self, ClientEntry};

// `r13` is nobody's in 32-bit programs, and SLOF takes 1 in it as a sign of a
// little-endian one.
global_asm!(
    ".section .text.start, \"ax\"",
    ".globl _start",
    "_start:",
    "li 13, 0",
    "lis 1, {stack}@ha",
    "addi 1, 1, {stack}@l",
    "addis 1, 1, {stack_high}",
    "li 0, 0",
    "stw 0, -16(1)",
    "addi 1, 1, -16",
    "mr 3, 5",
    "bl {enter}",
    "b .",
    ".text",
    stack = sym STACK,
    stack_high = const STACK_BYTES >> 16,
    enter = sym enter,
);

/// Signatures are verified on it: a quarter of this was ever used.
const STACK_BYTES: usize = 128 << 10;

#[repr(C, align(16))]
struct Stack([u8; STACK_BYTES]);

static mut STACK: Stack = Stack([0; STACK_BYTES]);

/// # Safety
/// Called once, by the instructions above.
unsafe extern "C" fn enter(firmware: ClientEntry) -> ! {
    // SAFETY: it is what the firmware gave us as its entry, before anything calls it.
    unsafe { client_interface::set_entry(firmware) };
    crate::main()
}
