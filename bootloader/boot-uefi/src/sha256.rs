//! The processor's instructions for SHA-256, where it has them.
//!
//! Nearly all of a boot's work is to hash kernel and initrd, and the instructions do that
//! several times as fast. What has none, or has wrong ones, boots with the portable code.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
mod portable;
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
mod round_constants;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "aarch64")]
use aarch64 as processor;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
use portable as processor;
#[cfg(target_arch = "x86_64")]
use x86_64 as processor;

use image_trust::Compression;

use crate::console;

/// The fastest way to hash that this processor has and gets right.
pub(crate) fn fastest() -> Compression {
    let own = processor::find().and_then(Compression::of_processor);
    if own.is_some() {
        console::print(format_args!("SHA-256 by the processor"));
    }
    own.unwrap_or(Compression::PORTABLE)
}
