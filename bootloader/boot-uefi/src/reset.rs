//! The one way out of the loader other than a kernel: a cold reset. It never
//! returns to the firmware, whose next idea would be its shell or its set-up,
//! and it never powers off, for a device in the field would stay off.

use core::time::Duration;

use uefi::Status;
use uefi::boot;
use uefi::runtime::{self, ResetType};

use crate::{console, watchdog};

/// How long the reasons of a boot that found nothing to start stay readable,
/// and how often such a device tries again.
pub(crate) const RETRY_SECS: usize = 60;

const ANNOUNCE_EVERY_SECS: usize = 10;
/// How much longer than the wait itself the watchdog gives it.
const MARGIN_SECS: usize = 60;

/// Waits `seconds`, saying so, then resets.
pub(crate) fn after(seconds: usize) -> ! {
    watchdog::arm(seconds.saturating_add(MARGIN_SECS));
    for left in (1..=seconds).rev() {
        if left == seconds || left.is_multiple_of(ANNOUNCE_EVERY_SECS) || left < 4 {
            console::print(format_args!("trying again in {left} s"));
        }
        boot::stall(Duration::from_secs(1));
    }
    cold()
}

/// Resets now.
pub(crate) fn cold() -> ! {
    runtime::reset(ResetType::COLD, Status::SUCCESS, None)
}
