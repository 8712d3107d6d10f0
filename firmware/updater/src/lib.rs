//! The daemon `snappyd`: asks the store which release is current, takes it, and reboots into
//! it; unattended as the owner set it, or when somebody asks.
//!
//! [`Engine`] is all of it: it [runs](Engine::run) by itself, and is a [`device::Device`] for
//! the REST API ([`api`] on a [`socket`], with [`changes`]) and, behind that, the command
//! line. What is decided is decided by pure functions ([`choice`], [`schedule`], [`report`]),
//! what is written by `system-update`, and what may be written by `image-trust`.
#![forbid(unsafe_code)]

pub mod api;
mod asked;
mod autopilot;
pub mod changes;
pub mod choice;
pub mod device;
mod download;
mod engine;
mod fetch;
mod install_error;
mod keep;
mod machine;
mod memory;
mod pace;
mod part;
pub mod reinstall;
pub mod report;
pub mod schedule;
pub mod settings;
mod slots;
mod snap_autopilot;
pub mod snaps;
pub mod socket;
mod store;
pub mod wishes;

pub use engine::{Engine, Places};
pub use machine::{Clock, Machine, NotRecorded, NotRolledBack, ThisMachine};
