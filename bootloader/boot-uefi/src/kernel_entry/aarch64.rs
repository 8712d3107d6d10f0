//! Into a kernel and back on AArch64, and the caches in between.

use core::arch::{asm, naked_asm};

use boot_core::pe_image::Machine;
use uefi::Status;
use uefi_raw::table::system::SystemTable;

use super::Entry;

pub(super) const MACHINE: Machine = Machine::Aarch64;

/// Writes `code` back to where fetches come from, and forgets what was fetched before
/// (Arm Architecture Reference Manual, "Concurrent modification and execution").
pub(super) fn publish_code(code: &[u8]) {
    let range = code.as_ptr_range();
    let cache_type: usize;
    // SAFETY: a register that tells the lengths of cache lines, readable at every level.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) cache_type, options(nomem, nostack)) };
    let data_line_bytes = 4_usize << ((cache_type >> 16) & 0xf);
    let code_line_bytes = 4_usize << (cache_type & 0xf);
    for line in lines(range.start.addr(), range.end.addr(), data_line_bytes) {
        // SAFETY: changes no content, and the line holds bytes of ours.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack)) };
    }
    // SAFETY: a barrier.
    unsafe { asm!("dsb ish", options(nostack)) };
    for line in lines(range.start.addr(), range.end.addr(), code_line_bytes) {
        // SAFETY: as above.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack)) };
    }
    // SAFETY: barriers.
    unsafe { asm!("dsb ish", "isb", options(nostack)) };
}

/// The addresses of all lines of `line_bytes`, a power of two, that the span touches.
fn lines(start: usize, end: usize, line_bytes: usize) -> impl Iterator<Item = usize> {
    let first = start & !line_bytes.wrapping_sub(1);
    (first..end).step_by(line_bytes)
}

/// Takes back all that a function must leave as it was, and returns from `call_kernel`.
macro_rules! restore_and_return {
    () => {
        "ldp x19, x20, [sp, #0x00]
        ldp x21, x22, [sp, #0x10]
        ldp x23, x24, [sp, #0x20]
        ldp x25, x26, [sp, #0x30]
        ldp x27, x28, [sp, #0x40]
        ldp x29, x30, [sp, #0x50]
        ldp d8, d9, [sp, #0x60]
        ldp d10, d11, [sp, #0x70]
        ldp d12, d13, [sp, #0x80]
        ldp d14, d15, [sp, #0x90]
        add sp, sp, #0xa0
        ret"
    };
}

/// Calls `entry` and notes in `saved_stack` how to get back.
///
/// # Safety
/// `entry` may be called with these arguments; `saved_stack` can be written.
#[unsafe(naked)]
pub(super) unsafe extern "efiapi" fn call_kernel(
    entry: Entry,
    handle: uefi_raw::Handle,
    system_table: *const SystemTable,
    saved_stack: *mut usize,
) -> Status {
    naked_asm!(
        "sub sp, sp, #0xa0
        stp x19, x20, [sp, #0x00]
        stp x21, x22, [sp, #0x10]
        stp x23, x24, [sp, #0x20]
        stp x25, x26, [sp, #0x30]
        stp x27, x28, [sp, #0x40]
        stp x29, x30, [sp, #0x50]
        stp d8, d9, [sp, #0x60]
        stp d10, d11, [sp, #0x70]
        stp d12, d13, [sp, #0x80]
        stp d14, d15, [sp, #0x90]
        mov x9, sp
        str x9, [x3]
        mov x9, x0
        mov x0, x1
        mov x1, x2
        blr x9",
        restore_and_return!(),
    )
}

/// Returns `status` from the `call_kernel` that noted `saved_stack`.
///
/// # Safety
/// That call has not returned yet.
#[unsafe(naked)]
pub(super) unsafe extern "efiapi" fn leave_kernel(saved_stack: usize, status: Status) -> ! {
    naked_asm!(
        "mov sp, x0
        mov x0, x1",
        restore_and_return!(),
    )
}
