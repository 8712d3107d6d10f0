//! The loader on Open Firmware: what lies in the PReP boot partition of POWER machines.
//!
//! Firmware starts it; it starts a verified Linux kernel from the disk that it
//! was itself read from, or says why not and resets. What to boot and whether to
//! trust it is decided in `boot-core`; here is only what needs the firmware. It
//! reads no file, takes no word from the firmware's boot arguments or variables, and
//! never returns to the firmware.
#![no_std]
#![no_main]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod client_interface;
mod console;
mod disk;
mod entry;
mod firmware;
mod hypervisor;
mod kernel_entry;
mod linux;
mod memory;
mod memory_functions;
mod origin;
mod panic;
mod reset;
mod reset_marker;
mod watchdog;

use boot_core::Board;
use boot_core::console::Banner;
use image_trust::verify_keyring;

/// The root keys that this loader trusts, put in by the image builder.
const SIGNED_KEYRING: &[u8] = include_bytes!(env!("TWINKEEL_KEYRING"));
const BOARD: Board = Board {
    id: env!("TWINKEEL_BOARD"),
};
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long a kernel may take until init feeds the hypervisor's watchdog, where it can.
const WATCHDOG_SECS: Option<u16> = match option_env!("TWINKEEL_WATCHDOG_SECS") {
    None => None,
    Some(secs) => match u16::from_str_radix(secs, 10) {
        Ok(secs) => Some(secs),
        Err(_) => panic!("TWINKEEL_WATCHDOG_SECS is not a number of seconds"),
    },
};
/// Which page of memory tells whether the power stayed on, where there is one.
const RESET_MARKER: Option<usize> = match option_env!("TWINKEEL_RESET_MARKER") {
    None => None,
    Some(address) => match usize::from_str_radix(address, 10) {
        Ok(address) => Some(address),
        Err(_) => panic!("TWINKEEL_RESET_MARKER is not an address"),
    },
};

/// Called by [`entry`] once there is a stack and the firmware can be called.
fn main() -> ! {
    console::start_log();
    let watchdog = watchdog::Watchdog::take_over();
    let keyring = verify_keyring(SIGNED_KEYRING);
    let banner = Banner::new(VERSION, &BOARD, &keyring);
    console::print(format_args!("{banner}"));
    origin::ignore_boot_arguments();
    let disk = match disk::FirmwareDisk::open_own() {
        Ok(disk) => disk,
        Err(reason) => {
            console::print(format_args!("{reason}"));
            reset::after(reset::RETRY_SECS)
        }
    };
    panic::record_from_now_on();
    let mut firmware = firmware::Firmware::new(disk, watchdog);
    let halt = boot_core::boot(&mut firmware, &BOARD, keyring);
    console::print(format_args!("{halt}"));
    reset::after(reset::RETRY_SECS)
}
