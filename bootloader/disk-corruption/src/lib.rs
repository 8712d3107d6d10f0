//! Corrupts a real disk image in thousands of ways, boots each by the real loader
//! ([`boot_core::boot()`]) on the host, and judges what it started.
//!
//! Called by `cargo xtask corrupt`, and by the VM harness, which boots some of the same
//! disks in QEMU and must see what was judged here. A [`Laboratory`] knows the untouched
//! disk; a [`Corruption`] is made from a seed and a number alone, so that each can be made
//! again; a [`Verdict`] says what was started, or which promise was broken:
//!
//! - what is started is kernel, initrd and words of one untouched image, whole;
//! - nothing is refused that is whole, and the device halts only when nothing whole is left;
//! - a changed block of the root is one that the hash tree does not vouch for;
//! - nothing but `boot-state` is written.
//!
//! The loader itself, in `system-boot`, is left alone: that it is whole is the firmware's
//! to check, by Secure Boot, before anything of ours runs.
//!
//! Host only. Nothing here decides what a device does.

#![forbid(unsafe_code)]

mod corruption;
mod judge;
mod laboratory;
mod map;
mod overlay;
mod random;
mod root;
mod tally;

pub use corruption::Corruption;
pub use judge::{Outcome, Verdict, Violation};
pub use laboratory::Laboratory;
pub use tally::{Found, Judged, Tally, judge_all};
