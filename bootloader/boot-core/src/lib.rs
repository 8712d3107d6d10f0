//! The boot, without the machine: choose a slot, record the attempt, verify the
//! image, hand it over.
//!
//! The firmware shells ([`Platform`]) open, print and jump; everything that
//! decides is here, takes bytes and small traits, and runs unchanged in the
//! loader, in the userland and in the tests. Nothing here allocates.
//!
//! The story is told by [`boot()`]. Its parts: [`device_path`] tells the shell which disk it
//! came from, [`gpt`] finds the partitions,
//! [`state_store`] and [`flight`] keep what must survive, [`aftermath`] looks back,
//! [`choice`] decides, [`floors`] say what may not boot any more, [`load`] reads and
//! verifies, [`pe_image`] and [`elf_image`] lay the kernel out, [`handover`] is what Linux is told;
//! [`x86_protocol`] is for machines on which that goes in one way only.
//! Shells also share [`console`], [`last_words`], [`transfer`] and [`open_firmware`].
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod aftermath;
pub mod boot;
pub mod choice;
pub mod console;
pub mod device_path;
pub mod elf_image;
pub mod flight;
pub mod floor_homes;
pub mod floors;
pub mod gpt;
pub mod handover;
pub mod journal;
pub mod last_words;
pub mod load;
pub mod open_firmware;
pub mod pe_image;
pub mod platform;
pub mod state_store;
pub mod transfer;
pub mod x86_protocol;

pub use boot::{Halt, boot};
pub use gpt::{Layout, Partition, read_layout};
pub use platform::{Board, Disk, FloorsNotWritten, Platform, SecondHome, StartError};
