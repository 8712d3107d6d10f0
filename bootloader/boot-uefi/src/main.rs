//! The loader on UEFI firmware: `EFI/BOOT/BOOTX64.EFI` and its likes.
//!
//! Firmware starts it; it starts a verified Linux kernel from the disk that it
//! was itself read from, or says why not and resets. What to boot and whether to
//! trust it is decided in `boot-core`; here is only what needs the firmware. It
//! reads no file, takes no word from firmware's load options or variables, and
//! never returns to the firmware.
#![no_std]
#![no_main]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod console;
mod disk;
mod firmware;
mod floors_variable;
mod hardware_watchdog;
mod initrd;
mod kernel_entry;
mod kernel_image;
mod linux;
mod memory;
#[cfg(target_arch = "arm")]
mod memory_functions;
mod origin;
mod own_disk;
mod panic;
mod protocol;
mod reset;
mod reset_marker;
mod secure_boot;
mod sha256;
mod status_code;
mod watchdog;
#[cfg(target_arch = "x86_64")]
mod without_firmware;

use boot_core::Board;
use boot_core::console::Banner;
use image_trust::verify_keyring;
use uefi::{Status, entry};

/// The root keys that this loader trusts, put in by the image builder.
const SIGNED_KEYRING: &[u8] = include_bytes!(env!("TWINKEEL_KEYRING"));
const BOARD: Board = Board {
    id: env!("TWINKEEL_BOARD"),
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where this board keeps its floors, with commas between the homes.
const FLOOR_HOMES: &str = env!("TWINKEEL_FLOOR_HOMES");
/// How long a kernel may take until init feeds the hardware watchdog.
const WATCHDOG_SECS: u16 = match u16::from_str_radix(env!("TWINKEEL_WATCHDOG_SECS"), 10) {
    Ok(secs) => secs,
    Err(_) => panic!("TWINKEEL_WATCHDOG_SECS is not a number of seconds"),
};
/// Where in memory a reset leaves its mark, on boards that have such a place.
const RESET_MARKER: Option<u64> = match option_env!("TWINKEEL_RESET_MARKER") {
    None => None,
    Some(address) => match u64::from_str_radix(address, 10) {
        Ok(address) => Some(address),
        Err(_) => panic!("TWINKEEL_RESET_MARKER is not an address"),
    },
};

#[entry]
fn main() -> Status {
    console::start_log();
    watchdog::arm(watchdog::LOADING_SECS);
    let keyring = verify_keyring(SIGNED_KEYRING);
    let banner = Banner::new(VERSION, &BOARD, &keyring);
    console::print(format_args!("{banner}"));
    secure_boot::show();
    origin::ignore_load_options();
    let disk = match disk::FirmwareDisk::open_own() {
        Ok(disk) => disk,
        Err(reason) => {
            console::print(format_args!("{reason}"));
            reset::after(reset::RETRY_SECS)
        }
    };
    panic::record_from_now_on();
    let halt = boot_core::boot(&mut firmware::Firmware::new(disk), &BOARD, keyring);
    console::print(format_args!("{halt}"));
    reset::after(reset::RETRY_SECS)
}
