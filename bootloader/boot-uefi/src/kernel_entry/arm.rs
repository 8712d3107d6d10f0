//! Into a kernel and back on 32-bit ARM, and the caches in between.

use core::arch::{asm, naked_asm};

use boot_core::pe_image::Machine;
use uefi::Status;
use uefi_raw::table::system::SystemTable;

use super::Entry;

pub(super) const MACHINE: Machine = Machine::Arm;

/// The shortest line that a cache can have: longer ones are cleaned more than once.
const LINE_BYTES: usize = 16;

/// Writes `code` back to where fetches come from, and forgets what was fetched before
/// (Arm Architecture Reference Manual for Armv7-A, B2.2.9 "Ordering of cache and branch
/// predictor maintenance operations").
pub(super) fn publish_code(code: &[u8]) {
    let range = code.as_ptr_range();
    let first = range.start.addr() & !LINE_BYTES.wrapping_sub(1);
    for line in (first..range.end.addr()).step_by(LINE_BYTES) {
        // SAFETY: DCCMVAU changes no content, and the line holds bytes of ours.
        unsafe { asm!("mcr p15, 0, {}, c7, c11, 1", in(reg) line, options(nostack)) };
    }
    // SAFETY: a barrier.
    unsafe { asm!("dsb", options(nostack)) };
    for line in (first..range.end.addr()).step_by(LINE_BYTES) {
        // SAFETY: ICIMVAU, as above.
        unsafe { asm!("mcr p15, 0, {}, c7, c5, 1", in(reg) line, options(nostack)) };
    }
    // SAFETY: BPIALL, which forgets where branches led, and barriers.
    unsafe { asm!("mcr p15, 0, {}, c7, c5, 6", "dsb", "isb", in(reg) 0, options(nostack)) };
}

/// Calls `entry` and notes in `saved_stack` how to get back. Kernels do not touch the
/// floating-point registers before they own the machine, so these stay as they were.
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
    // r3 comes along to keep the stack aligned to eight bytes.
    naked_asm!(
        "push {{r3-r11, lr}}
        str sp, [r3]
        mov r12, r0
        mov r0, r1
        mov r1, r2
        blx r12
        pop {{r3-r11, pc}}",
    )
}

/// Returns `status` from the `call_kernel` that noted `saved_stack`.
///
/// # Safety
/// That call has not returned yet.
#[unsafe(naked)]
pub(super) unsafe extern "efiapi" fn leave_kernel(saved_stack: usize, status: Status) -> ! {
    naked_asm!(
        "mov sp, r0
        mov r0, r1
        pop {{r3-r11, pc}}",
    )
}
