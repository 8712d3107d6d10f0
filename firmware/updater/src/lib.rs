//! The daemon `snappyd`: asks the store which release is current, takes it, and reboots into
//! it; unattended as the owner set it, or when somebody asks.
//!
//! The REST socket and the command line speak to a [`device::Device`].
#![forbid(unsafe_code)]

pub mod choice;
pub mod device;
mod keep;
pub mod report;
pub mod schedule;
pub mod settings;
