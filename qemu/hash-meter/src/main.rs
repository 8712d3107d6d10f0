//! Hashes [`HASHED_BYTES`] between two marks, with the very code that the loader is built
//! from, and returns to the firmware. Counted by `cargo xtask bench boot`.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "the marks are machine code")]

use core::arch::global_asm;
use core::hint::black_box;

use hash_meter::HASHED_BYTES;
use image_trust::Hasher;
use uefi::{Status, entry};

#[cfg(target_arch = "aarch64")]
use hash_meter::AARCH64 as MARKS;
#[cfg(target_arch = "x86_64")]
use hash_meter::X86_64 as MARKS;

/// Hashed again and again.
static BYTES: [u8; 1 << 20] = [0; 1 << 20];

global_asm!(
    ".globl hash_meter_begin",
    "hash_meter_begin: .4byte {}, {}, {}",
    ".globl hash_meter_end",
    "hash_meter_end: .4byte {}, {}, {}",
    const MARKS.begin[0], const MARKS.begin[1], const MARKS.begin[2],
    const MARKS.end[0], const MARKS.end[1], const MARKS.end[2],
);

unsafe extern "C" {
    safe fn hash_meter_begin();
    safe fn hash_meter_end();
}

#[entry]
fn main() -> Status {
    hash_meter_begin();
    let mut hasher = Hasher::new();
    for _ in 0..HASHED_BYTES / BYTES.len() {
        hasher.update(black_box(&BYTES));
    }
    black_box(hasher.finish());
    hash_meter_end();
    Status::SUCCESS
}

#[panic_handler]
fn panicked(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
