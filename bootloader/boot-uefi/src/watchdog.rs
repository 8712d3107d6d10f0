//! The firmware's watchdog: it guards the loader and nothing after it, because
//! it ends when the kernel takes the machine over.
//!
//! Firmware arms it by itself with five minutes, which a slow card and two
//! slots may exceed, and which nobody promises; so each stage says its own.

use uefi::boot;

use crate::console;
use crate::status_code::StatusCode;

/// From power-on to the kernel's entry: three images of 100 MB from a card that
/// reads 0.5 MB/s.
pub(crate) const LOADING_SECS: usize = 600;

/// Codes below 0x10000 are the firmware's own; this one shows up in its log.
const WATCHDOG_CODE: u64 = 0x0001_b007;

/// Lets the firmware reset the machine after `seconds`, counted from now.
/// Firmware without a watchdog is no reason not to boot.
pub(crate) fn arm(seconds: usize) {
    if let Err(error) = boot::set_watchdog_timer(seconds, WATCHDOG_CODE, None) {
        console::print(format_args!(
            "no firmware watchdog: {}",
            StatusCode(error.status())
        ));
    }
}
