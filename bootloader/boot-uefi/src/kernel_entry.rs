//! Runs a kernel that the loader put into memory, and gets back out of it.
//!
//! A kernel ends in one of three ways: it takes the machine over, it returns from its
//! entry, or it calls the firmware's `Exit` (UEFI 2.10, section 7.4). The firmware knows
//! nothing of a kernel that it did not load itself, so `Exit` for that kernel's handle is
//! the loader's to do: it brings the stack back to where the kernel was called from.
#![expect(
    unsafe_code,
    reason = "calls a kernel, and puts a function into the firmware's table meanwhile"
)]

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "aarch64")]
use aarch64 as processor;
#[cfg(target_arch = "arm")]
use arm as processor;
#[cfg(target_arch = "x86_64")]
use x86_64 as processor;

use core::ffi::c_void;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use boot_core::pe_image::Machine;
use uefi::{Handle, Status};
use uefi_raw::table::boot::BootServices;
use uefi_raw::table::system::SystemTable;

/// The processor that this loader, and so its kernels, are for.
pub(crate) const MACHINE: Machine = processor::MACHINE;

/// A PE image's entry (UEFI 2.10, section 4.1).
type Entry = unsafe extern "efiapi" fn(uefi_raw::Handle, *const SystemTable) -> Status;
type Exit = unsafe extern "efiapi" fn(uefi_raw::Handle, Status, usize, *mut u16) -> Status;

/// The kernel that runs, and where the stack was when it was called; null and 0 otherwise.
static RUNNING_KERNEL: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static SAVED_STACK: AtomicUsize = AtomicUsize::new(0);
/// The firmware's own `Exit`, while ours is in its place.
static FIRMWARE_EXIT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Makes code that was written as data visible to the processor's fetches.
pub(crate) fn publish_code(code: &[u8]) {
    processor::publish_code(code);
}

/// Runs the kernel at `entry` under the name `handle`; returns what it said when it gave
/// up.
///
/// # Safety
/// `entry` is the entry of a kernel for this processor that is laid out in executable
/// memory, and `handle` carries its `LoadedImage` protocol. Both stay until this returns.
pub(crate) unsafe fn run(entry: *const u8, handle: Handle) -> Status {
    let Some(system_table) = uefi::table::system_table_raw() else {
        return Status::UNSUPPORTED;
    };
    // SAFETY: the table stays where it is while boot services run.
    let services = unsafe { system_table.as_ref() }.boot_services;
    let Some(services) = NonNull::new(services) else {
        return Status::UNSUPPORTED;
    };
    RUNNING_KERNEL.store(handle.as_ptr(), Ordering::Relaxed);
    // SAFETY: that table, and dropped before anything else of the loader runs.
    let hook = unsafe { ExitHook::install(services) };
    // SAFETY: the caller says that a kernel's entry is there.
    let entry = unsafe { core::mem::transmute::<*const u8, Entry>(entry) };
    // SAFETY: as a firmware calls an image. Should the kernel call `Exit`, the stack is
    // brought back to this very call, which has not returned then.
    let status = unsafe {
        processor::call_kernel(
            entry,
            handle.as_ptr(),
            system_table.as_ptr(),
            SAVED_STACK.as_ptr(),
        )
    };
    drop(hook);
    RUNNING_KERNEL.store(ptr::null_mut(), Ordering::Relaxed);
    SAVED_STACK.store(0, Ordering::Relaxed);
    status
}

/// Our `Exit` in the firmware's table, taken out again on drop.
struct ExitHook {
    services: NonNull<BootServices>,
    firmware_exit: Exit,
}

impl ExitHook {
    /// # Safety
    /// `services` is the firmware's live table, of which nobody holds a reference.
    unsafe fn install(services: NonNull<BootServices>) -> Self {
        // SAFETY: promised by the caller.
        let firmware_exit = unsafe { (*services.as_ptr()).exit };
        FIRMWARE_EXIT.store(firmware_exit as *mut c_void, Ordering::Relaxed);
        let hook = Self {
            services,
            firmware_exit,
        };
        hook.put(exit);
        hook
    }

    /// Changes the entry, and the checksum of the table over it.
    fn put(&self, exit: Exit) {
        let services = self.services.as_ptr();
        // SAFETY: the table is live and the loader is the only program that runs.
        unsafe {
            (*services).exit = exit;
            (*services).header.crc = 0;
            let mut crc = 0;
            let length_bytes = usize::try_from((*services).header.size).unwrap_or(0);
            // A checksum that cannot be computed is not looked at by kernels either.
            let _ = ((*services).calculate_crc32)(services.cast(), length_bytes, &raw mut crc);
            (*services).header.crc = crc;
        }
    }
}

impl Drop for ExitHook {
    fn drop(&mut self) {
        self.put(self.firmware_exit);
    }
}

/// `EFI_BOOT_SERVICES.Exit()` while a kernel runs.
///
/// # Safety
/// As UEFI defines it.
unsafe extern "efiapi" fn exit(
    handle: uefi_raw::Handle,
    status: Status,
    data_bytes: usize,
    data: *mut u16,
) -> Status {
    let saved_stack = SAVED_STACK.load(Ordering::Relaxed);
    if handle == RUNNING_KERNEL.load(Ordering::Relaxed) && saved_stack != 0 {
        // SAFETY: the kernel was called with this stack and has not returned; what it
        // leaves on the stack above has nothing to drop.
        unsafe { processor::leave_kernel(saved_stack, status) }
    }
    let firmware_exit = FIRMWARE_EXIT.load(Ordering::Relaxed).cast_const();
    // SAFETY: the firmware's own function, stored before this one could be called.
    let firmware_exit = unsafe { core::mem::transmute::<*const c_void, Exit>(firmware_exit) };
    // SAFETY: the caller's own arguments.
    unsafe { firmware_exit(handle, status, data_bytes, data) }
}
