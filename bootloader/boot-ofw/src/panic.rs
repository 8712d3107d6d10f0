//! What happens when the loader itself is at fault: the reason goes to the
//! console and, if the disk was reached before, into the flight record; then a
//! reset: never the firmware's prompt, and never off.

use core::panic::{Location, PanicInfo};
use core::sync::atomic::{AtomicBool, Ordering};

use boot_core::last_words;
use image_format::flight::{Text, text};

use crate::disk::FirmwareDisk;
use crate::{console, reset};

/// How long the reason stays readable on a screen.
const READABLE_SECS: u32 = 5;

/// The disk was opened once: finding it again is code that has worked.
static DISK_REACHED: AtomicBool = AtomicBool::new(false);
static PANICKED: AtomicBool = AtomicBool::new(false);

/// From now on a panic is recorded on the loader's own disk.
pub(crate) fn record_from_now_on() {
    DISK_REACHED.store(true, Ordering::Relaxed);
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    if PANICKED.swap(true, Ordering::Relaxed) {
        // Saying or recording the first panic made another: give up on both.
        reset::now();
    }
    let place = info.location().map_or("", Location::file);
    let line = info.location().map_or(0, Location::line);
    let message = text(format_args!("{place}:{line}: {}", info.message()));
    console::print(format_args!("the loader failed: {message}"));
    let recorded = DISK_REACHED.load(Ordering::Relaxed) && record(message).is_some();
    if !recorded {
        console::print(format_args!("this failure is not in the flight record"));
    }
    reset::after(READABLE_SECS)
}

/// Opens the disk anew rather than sharing the one that the panic interrupted:
/// that one may be in the middle of anything, and is never used again.
fn record(message: Text) -> Option<()> {
    last_words::record(&mut FirmwareDisk::open_own().ok()?, message)
}
