//! The one way out of the loader other than a kernel: a reset. It never
//! returns to the firmware, whose next idea would be another device or its prompt,
//! and it never powers off, for a device in the field would stay off.

use crate::{client_interface, console};

/// How long the reasons of a boot that found nothing to start stay readable,
/// and how often such a device tries again.
pub(crate) const RETRY_SECS: u32 = 60;

const ANNOUNCE_EVERY_SECS: u32 = 10;

/// Waits `seconds`, saying so, then resets. The watchdog gives it ten times as long.
pub(crate) fn after(seconds: u32) -> ! {
    for left in (1..=seconds).rev() {
        if left == seconds || left.is_multiple_of(ANNOUNCE_EVERY_SECS) || left < 4 {
            console::print(format_args!("trying again in {left} s"));
        }
        wait_a_second();
    }
    now()
}

/// Resets now. A firmware that does not is left to the watchdog.
pub(crate) fn now() -> ! {
    client_interface::reset_all();
    loop {
        core::hint::spin_loop();
    }
}

fn wait_a_second() {
    let start = client_interface::milliseconds();
    while client_interface::milliseconds().wrapping_sub(start) < 1000 {
        core::hint::spin_loop();
    }
}
