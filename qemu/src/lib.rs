//! Boots images in QEMU and judges them.
//!
//! Called by `cargo xtask qemu-test` (scenarios) and `cargo xtask qemu` (a machine for a
//! person). From the outside in: a [`mod@plan`] says which [`scenarios`] run on which boards;
//! [`runner`] runs them, each with a [`mod@bench`] of its own; a [`guest`] is the system inside a [`machine`], behind a [`console`]; a
//! [`disk`] is what a scenario damages; [`proof`] and [`evidence`] make it impossible to
//! pass because nothing happened. Beside them, [`corrupted`] boots disks that were damaged
//! at random, for `cargo xtask bench boot`, [`benchmark`] measures what a boot costs, and
//! for `cargo xtask bench first-boot`, [`first_boot`] how long the first one takes.
//! [`least_memory`] finds what `cargo xtask bench memory` tells.

pub mod bench;
pub mod benchmark;
pub mod board_table;
pub mod command_line;
pub mod console;
pub mod corrupted;
pub mod developer_device;
pub mod disk;
pub mod esp;
pub mod evidence;
pub mod ext4;
pub mod faulty;
pub mod first_boot;
pub mod guest;
pub mod initrd;
pub mod interactive;
pub mod least_memory;
pub mod local_store;
pub mod machine;
pub mod plan;
pub mod proof;
pub mod qmp;
pub mod replay;
pub mod runner;
pub mod scenarios;
mod small_snap;
pub mod sparse_copy;
pub mod ssh_access;
pub mod ssh_client;
pub mod variable_store;
pub mod world;
