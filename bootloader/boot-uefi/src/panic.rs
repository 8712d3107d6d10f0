//! What happens when the loader itself is at fault: the reason goes to the
//! console and, if the disk was reached before, into the flight record; then a
//! cold reset: never the firmware's shell, and never off.

use core::panic::PanicInfo;

use boot_core::last_words::LastWords;

use crate::disk::FirmwareDisk;
use crate::{console, reset, watchdog};

/// How long the reason stays readable on a screen.
const READABLE_SECS: usize = 5;
/// How long recording it may take.
const RECORDING_SECS: usize = 60;

static LAST_WORDS: LastWords = LastWords::new();

/// From now on a panic is recorded on the loader's own disk.
pub(crate) fn record_from_now_on() {
    LAST_WORDS.record_from_now_on();
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let Some(failure) = LAST_WORDS.fail() else {
        reset::cold();
    };
    watchdog::arm(RECORDING_SECS);
    failure.tell(info.location(), info.message(), console::print, || {
        FirmwareDisk::open_own().ok()
    });
    reset::after(READABLE_SECS)
}
