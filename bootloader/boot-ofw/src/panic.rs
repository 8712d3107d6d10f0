//! What happens when the loader itself is at fault: the reason goes to the
//! console and, if the disk was reached before, into the flight record; then a
//! reset: never the firmware's prompt, and never off.

use core::panic::PanicInfo;

use boot_core::last_words::LastWords;

use crate::disk::FirmwareDisk;
use crate::{console, reset};

/// How long the reason stays readable on a screen.
const READABLE_SECS: u32 = 5;

static LAST_WORDS: LastWords = LastWords::new();

/// From now on a panic is recorded on the loader's own disk.
pub(crate) fn record_from_now_on() {
    LAST_WORDS.record_from_now_on();
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let Some(failure) = LAST_WORDS.fail() else {
        reset::now();
    };
    failure.tell(info.location(), info.message(), console::print, || {
        FirmwareDisk::open_own().ok()
    });
    reset::after(READABLE_SECS)
}
