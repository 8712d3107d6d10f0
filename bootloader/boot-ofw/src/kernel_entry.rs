//! The way into a kernel that the loader put into memory: one way.
//!
//! The kernel is entered as the loader was: 32 bits, big-endian. It looks at the bits of
//! the machine state itself, and closes the firmware when it is done with it.
#![expect(unsafe_code, reason = "jumps into the kernel")]

use core::arch::global_asm;
use core::convert::Infallible;

use crate::client_interface;
use crate::memory::Memory;

unsafe extern "C" {
    /// Makes code that was written as data visible to the processor's fetches.
    fn publish_code(start: *const u8, length_bytes: usize);

    /// IEEE 1275 binding for PowerPC, section 8.2.3, with the initrd as Linux wants it.
    fn enter_kernel(initrd: *const u8, initrd_bytes: usize, firmware: usize, entry: *const u8)
    -> !;
}

// No POWER processor has smaller cache blocks than 32 bytes.
global_asm!(
    ".text",
    "publish_code:",
    "addi 4, 4, 31",
    "srwi. 4, 4, 5",
    "beqlr",
    "mtctr 4",
    "mr 5, 3",
    "1:",
    "dcbst 0, 5",
    "addi 5, 5, 32",
    "bdnz 1b",
    "sync",
    "mtctr 4",
    "2:",
    "icbi 0, 3",
    "addi 3, 3, 32",
    "bdnz 2b",
    "sync",
    "isync",
    "blr",
    "enter_kernel:",
    "mtctr 6",
    "li 6, 0",
    "li 7, 0",
    "bctr",
);

/// Starts the kernel that is laid out in `kernel`. Returns only when its entry is outside.
pub(crate) fn enter(kernel: &Memory, entry_offset: usize, initrd: &Memory) -> Option<Infallible> {
    let (image, initrd) = (kernel.as_ref(), initrd.as_ref());
    let entry = image.get(entry_offset..)?.as_ptr();
    // SAFETY: the image is memory of ours.
    unsafe { publish_code(image.as_ptr(), image.len()) };
    // SAFETY: a verified kernel for this processor begins there; it takes over everything,
    // and what the loader owns is never given back.
    unsafe {
        enter_kernel(
            initrd.as_ptr(),
            initrd.len(),
            client_interface::entry(),
            entry,
        )
    }
}
