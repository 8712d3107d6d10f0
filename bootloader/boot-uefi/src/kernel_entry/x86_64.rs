//! Into a kernel and back on x86_64, whose firmware has Microsoft's calling convention.

use core::arch::naked_asm;

use boot_core::pe_image::Machine;
use uefi::Status;
use uefi_raw::table::system::SystemTable;

use super::Entry;

pub(super) const MACHINE: Machine = Machine::X86_64;

/// Fetches see what was written; nothing is to be done.
pub(super) fn publish_code(_code: &[u8]) {}

/// Takes back all that a function must leave as it was, and returns from `call_kernel`.
macro_rules! restore_and_return {
    () => {
        "movaps xmm6, [rsp + 0x20]
        movaps xmm7, [rsp + 0x30]
        movaps xmm8, [rsp + 0x40]
        movaps xmm9, [rsp + 0x50]
        movaps xmm10, [rsp + 0x60]
        movaps xmm11, [rsp + 0x70]
        movaps xmm12, [rsp + 0x80]
        movaps xmm13, [rsp + 0x90]
        movaps xmm14, [rsp + 0xa0]
        movaps xmm15, [rsp + 0xb0]
        add rsp, 0xc8
        pop r15
        pop r14
        pop r13
        pop r12
        pop rsi
        pop rdi
        pop rbx
        pop rbp
        cld
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
    // Eight registers and the return address leave the stack eight bytes off sixteen; the
    // rest is 32 bytes for the callee, ten vector registers, and those eight.
    naked_asm!(
        "push rbp
        push rbx
        push rdi
        push rsi
        push r12
        push r13
        push r14
        push r15
        sub rsp, 0xc8
        movaps [rsp + 0x20], xmm6
        movaps [rsp + 0x30], xmm7
        movaps [rsp + 0x40], xmm8
        movaps [rsp + 0x50], xmm9
        movaps [rsp + 0x60], xmm10
        movaps [rsp + 0x70], xmm11
        movaps [rsp + 0x80], xmm12
        movaps [rsp + 0x90], xmm13
        movaps [rsp + 0xa0], xmm14
        movaps [rsp + 0xb0], xmm15
        mov [r9], rsp
        mov rax, rcx
        mov rcx, rdx
        mov rdx, r8
        call rax",
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
        "mov rsp, rcx
        mov rax, rdx",
        restore_and_return!(),
    )
}
